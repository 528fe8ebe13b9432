# src/table
