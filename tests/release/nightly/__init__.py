"""Tests of the nightly: from a commit to an index that lists its release."""
