import pytest

pytest.register_assert_rewrite("tests.connectors.contract")


def pytest_recording_configure(config, vcr):
    """Cassettes of SOAP services match by what is asked, not by session, blanks or prefixes."""
    from tests.connectors.soap_body import soap_body

    del config
    vcr.register_matcher("soap_body", soap_body)
