"""``netpet-adapter map``: write, test, check, compare and export a hospital's mapping, without code."""

import typer

map_app = typer.Typer(
    name="map",
    help="Write, test, check, compare and export mappings (docs/mapping.md).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@map_app.callback()
def about_mappings() -> None:
    """Write, test, check, compare and export mappings (docs/mapping.md)."""
