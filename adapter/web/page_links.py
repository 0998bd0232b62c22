"""The links of a page: to itself, to the first, the previous and the next one."""

from adapter.web.query_text import Parameter, query_text
from adapter.web.search import Search


def page_links(base: str, search: Search, total: int, ticket: str) -> dict[str, str]:
    """Turn a search, its total and its ticket (empty: none) into its links, relation -> URL.

    ``self`` shows what was understood. With a ticket the others stand for the search without repeating it.
    """
    shown = f"{base}/{search.type}"
    asked = [Parameter("_continue", ticket)] if ticket else list(search.understood)
    links = {"self": _link(shown, list(search.understood), search.count, search.offset)}
    if search.count == 0:
        return links
    links["first"] = _link(shown, asked, search.count, 0)
    if search.offset > 0:
        before = max(0, min(search.offset, total) - search.count)
        links["prev"] = _link(shown, asked, search.count, before)
    if search.offset + search.count < total:
        links["next"] = _link(shown, asked, search.count, search.offset + search.count)
    return links


def _link(address: str, asked: list[Parameter], count: int, offset: int) -> str:
    paging = [Parameter("_count", str(count))]
    if offset:
        paging.append(Parameter("_offset", str(offset)))
    return f"{address}?{query_text(asked + paging)}"
