from handwheel.keyed_calls import key_of, keyed_calls, note_filed

CONTENT = {"writes": {"PIC-102.sp": "360 kPa"}, "reason": "margin"}


def test_same_content_of_a_call_has_the_same_key() -> None:
    keys: list[str] = []
    for _ in range(2):
        with keyed_calls("thread 1, call 1") as filed:
            keys.append(key_of(CONTENT))
            note_filed("R-7K3MQ2XA")
            note_filed("R-7K3MQ2XA")
        assert filed == ["R-7K3MQ2XA"]
    assert keys[0] == keys[1]


def test_other_call_or_content_has_another_key() -> None:
    keys = {key_of(CONTENT), key_of(CONTENT)}
    with keyed_calls("one"):
        keys |= {key_of(CONTENT), key_of({**CONTENT, "reason": "other"})}
    with keyed_calls("two"):
        keys.add(key_of(CONTENT))
    assert len(keys) == 5
    assert all(len(each) == 32 for each in keys)
