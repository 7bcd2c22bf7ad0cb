import queue
import threading
import time

import pytest

from imgclean.inference.flow import ByteBudget, ReadAhead, WriteBehind


def read_ahead(items, read, *, limit, threads=2, check=lambda: None, budget=None):
    return ReadAhead(
        items, read, lambda _: 1, budget=budget or ByteBudget(limit), threads=threads, check=check
    )


def test_every_item_is_read_once():
    budget = ByteBudget(5)
    products = []
    for product in read_ahead(range(100), lambda item: item * 2, limit=0, budget=budget):
        products.append(product)
        budget.release(1)
    assert sorted(products) == [2 * item for item in range(100)]


def test_reading_waits_while_the_budget_is_held():
    read = []
    sources = iter(read_ahead(range(100), lambda item: read.append(item) or item, limit=3))
    next(sources)
    time.sleep(0.2)
    assert len(read) <= 3 + 2  # what the budget holds, and one more on each thread
    sources.close()


def test_an_item_larger_than_the_budget_passes_alone():
    budget = ByteBudget(10)
    budget.acquire(1000)
    waiting = threading.Thread(target=budget.acquire, args=(1,))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    budget.release(1000)
    waiting.join(5)
    assert not waiting.is_alive()


def test_stopping_ends_the_reading_threads():
    def stop():
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        list(read_ahead(range(10**6), lambda item: item, limit=2, check=stop))
    assert threading.active_count() == before


def test_a_reader_that_waits_for_an_item_ends_with_the_consumer():
    items = queue.SimpleQueue()
    items.put(1)
    reading = ReadAhead(
        iter(items.get, None),
        lambda item: item,
        lambda _: 1,
        budget=ByteBudget(9),
        threads=2,
        check=lambda: None,
        end_items=lambda: items.put(None),
    )
    sources = iter(reading)
    assert next(sources) == 1
    sources.close()  # would wait for ever


def test_a_result_is_reported_while_another_is_under_way():
    reported = queue.SimpleQueue()
    release = threading.Event()
    writer = WriteBehind(ByteBudget(20), 2, reported.put)
    writer.submit(lambda: release.wait(10), 1)
    writer.submit(lambda: "written", 1)
    assert reported.get(timeout=5) == "written"
    release.set()
    assert writer.drain() == []
    assert reported.get(timeout=5) is True


def test_every_write_is_collected_once():
    writer = WriteBehind(ByteBudget(4), 2)
    collected = []
    for item in range(50):
        writer.submit(lambda item=item: item, 2)
        collected += writer.finished()
    collected += writer.drain()
    assert sorted(collected) == list(range(50))


def test_writes_under_way_are_bounded_in_bytes():
    held, most = 0, 0
    lock = threading.Lock()

    def write():
        nonlocal held, most
        with lock:
            held += 1
            most = max(most, held)
        time.sleep(0.005)
        with lock:
            held -= 1

    writer = WriteBehind(ByteBudget(20), 4)
    for _ in range(30):
        writer.submit(write, 10)
    writer.drain()
    assert most <= 2
