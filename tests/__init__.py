"""Tests: what people and programs can rely on."""
