import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisportal.billing.errors import CallbackRefused
from gisportal.billing.gateways.signature import check, sign

BODY, SECRET, NOW = b'{"event": "e"}', "secret", 1_790_000_000


def test_a_fresh_signature_is_accepted():
    header = sign(body=BODY, secret=SECRET, now=NOW)
    check(header=header, body=BODY, secret=SECRET, now=NOW + 300)


@pytest.mark.parametrize("age", [301, -301])
def test_a_stale_signature_is_refused(age):
    header = sign(body=BODY, secret=SECRET, now=NOW)
    with pytest.raises(CallbackRefused, match="too old"):
        check(header=header, body=BODY, secret=SECRET, now=NOW + age)


def test_a_new_time_on_an_old_signature_is_refused():
    header = sign(body=BODY, secret=SECRET, now=NOW).replace(f"t={NOW}", f"t={NOW + 9}")
    with pytest.raises(CallbackRefused, match="does not fit"):
        check(header=header, body=BODY, secret=SECRET, now=NOW + 9)


@given(st.binary(max_size=60), st.text(max_size=90))
def test_nothing_else_passes(body, header):
    with pytest.raises(CallbackRefused):
        check(header=header, body=body, secret=SECRET, now=NOW)


@given(st.binary(max_size=60).filter(lambda body: body != BODY))
def test_a_changed_body_is_refused(body):
    header = sign(body=BODY, secret=SECRET, now=NOW)
    with pytest.raises(CallbackRefused, match="does not fit"):
        check(header=header, body=body, secret=SECRET, now=NOW)
