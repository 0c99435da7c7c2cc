"""Tests of publishing: order of uploads, reruns, refusals, notes."""
