"""Tests of the launcher that wheels ship as their scripts."""
