"""Native files, held by parsing them against what the wheel's tags claim."""
