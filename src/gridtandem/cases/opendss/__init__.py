"""OpenDSS files in and out: its engine parses, our door walks the elements and refuses what it cannot represent."""
