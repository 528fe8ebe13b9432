# src/encode
