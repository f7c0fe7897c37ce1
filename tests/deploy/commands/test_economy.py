"""How often the Platform is asked: it takes 20 calls a second from one token, of all its users."""

from tests.deploy.commands.calling import User

MOST_READS = 10


def test_a_plan_with_nothing_to_do_asks_a_few_times_and_waits_for_nothing(a_user: User) -> None:
    a_user.made()
    for number in range(30):
        a_user.platform.add_link(f"data-{number}", f"s3://acme-data-{number}")
        a_user.platform.add_studio(f"other-{number}", status="stopped")
    a_user.platform.rate_limit = 20
    done = a_user.calls("plan", "--detailed-exitcode", "--via", "api")
    assert done.exit_code == 0, done.stderr
    assert len(a_user.platform.calls) <= MOST_READS
    assert {call.method for call in a_user.platform.calls} == {"GET"}
    assert "trying again" not in done.stderr
