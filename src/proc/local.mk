# src/proc
