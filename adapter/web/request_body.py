"""A request's JSON body, turned into the form that it must have."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from adapter.web.faults import Fault, RefusedError

Form = TypeVar("Form", bound=BaseModel)


async def body_of(request: web.Request, form: type[Form], rule: str) -> Form:
    """Turn a request into its body; raises RefusedError with the rule and the members that break it."""
    try:
        return form.model_validate_json(await request.read())
    except ValidationError as error:
        raise RefusedError(Fault.REQUEST_UNREADABLE, rule + _broken(error, form)) from None


def _broken(error: ValidationError, form: type[BaseModel]) -> str:
    """Name the members that are wrong, and never what stood in them."""
    members = {str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]}
    known = sorted(members & form.model_fields.keys())
    return f"; look at: {', '.join(known)}" if known else ""
