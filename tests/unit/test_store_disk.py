"""A disk that is full takes nothing and loses nothing, and the store goes on by itself when there is room again."""

from test_store_samples import JANE, child, line, opened

CRAMPED = """
import asyncio, resource, sys
from pathlib import Path
from adapter.outcome import StoreUnavailableError
from test_store_samples import arrival, opened

def allow(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    async with opened(Path(sys.argv[1])) as store:
        sizes = [file.stat().st_size for file in Path(sys.argv[1]).iterdir()]
        allow(max(sizes) + 300_000)
        kept, refused = [], 0
        while refused < 3:
            tries = [store.keep(arrival(f"MSG{len(kept)}.{number}", "x" * 20_000)) for number in range(4)]
            for outcome in await asyncio.gather(*tries, return_exceptions=True):
                if isinstance(outcome, StoreUnavailableError):
                    refused += 1
                    reason = str(outcome)
                else:
                    kept.append(outcome.message_id)
        allow(1)
        ready = await asyncio.gather(store.check(), return_exceptions=True)
        print(type(ready[0]).__name__)
        print(reason)
        allow(resource.RLIM_INFINITY)
        await store.check()
        kept.append((await store.keep(arrival("MSG after"))).message_id)
        print(" ".join(kept), flush=True)

asyncio.run(main())
"""


async def test_what_a_full_disk_refused_was_never_accepted_and_what_was_accepted_is_there(tmp_path):
    async with child(CRAMPED, str(tmp_path)) as process:
        not_ready = await line(process)
        reason = await line(process)
        accepted = (await line(process)).split()
        await process.wait()

    async with opened(tmp_path) as store:
        unread = [message.id for message in await store.unread(JANE.key, limit=1000)]

    assert not_ready == "StoreUnavailableError"
    assert "full" in reason or "limit" in reason
    assert len(accepted) > 4
    assert set(accepted) <= set(unread)
    assert unread[-1] == accepted[-1]
