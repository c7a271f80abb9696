"""Our own case folder of CSV and TOML: each company its own folder, one table of interfaces."""
