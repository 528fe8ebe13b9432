# tests/victims
