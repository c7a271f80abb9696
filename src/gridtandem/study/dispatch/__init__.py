"""Studies of AC optimal power flow: one period after the other, every dispatch held against the same AC check."""
