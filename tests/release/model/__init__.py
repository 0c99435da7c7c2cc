"""Tests of the model: documents, schemas, versions, marks, settings."""
