"""``python -m adapter`` and the ``netpet-adapter`` command."""

from adapter.cli import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
