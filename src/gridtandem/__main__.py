"""``python -m gridtandem`` is ``tandem``."""

from gridtandem.cli import main

if __name__ == "__main__":
    main()
