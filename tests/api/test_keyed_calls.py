from handwheel.keyed_calls import keyed_calls, next_key, note_filed


def _keys(call: str, count: int) -> list[str]:
    with keyed_calls(call) as filed:
        keys = [next_key() for _ in range(count)]
        note_filed("R-7K3MQ2XA")
        note_filed("R-7K3MQ2XA")
    assert filed == ["R-7K3MQ2XA"]
    return keys


def test_call_that_runs_again_has_the_same_keys_in_order() -> None:
    assert _keys("thread 1, call 1", 2) == _keys("thread 1, call 1", 2)


def test_each_thing_of_a_call_and_each_call_has_its_own_key() -> None:
    keys = {*_keys("one", 2), *_keys("two", 2), next_key(), next_key()}
    assert len(keys) == 6
    assert all(len(each) == 32 for each in keys)
