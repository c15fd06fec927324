"""``csvlake cost``."""

import pytest

from csvlake import cli
from csvlake.cli.cost import Month, estimate
from csvlake.cli.prices import PRICES


def cost(month: Month) -> float:
    return sum(amount / PRICES[name].per * PRICES[name].usd for name, amount in estimate(month).items())


def test_every_line_has_a_price_with_a_source() -> None:
    for architecture in ("x86_64", "arm64"):
        assert set(estimate(Month(1, 1, architecture=architecture))) <= set(PRICES)
    assert all(price.usd > 0 and price.source.startswith("https://aws.amazon.com/") for price in PRICES.values())


def test_a_thousand_small_files_cost_little_more_than_an_idle_stack() -> None:
    idle = cost(Month(1, 0))
    assert 2.5 < idle < 3.0  # metrics, alarms, polling
    assert cost(Month(1000, 0.01)) - idle < 0.05


def test_more_costs_more() -> None:
    base = cost(Month(10_000, 10))
    assert cost(Month(20_000, 10)) > base
    assert cost(Month(10_000, 20)) > base
    assert cost(Month(10_000, 10, scans=20)) > base
    assert cost(Month(10_000, 10, architecture="arm64")) < base


def test_one_terabyte_by_hand() -> None:
    used = estimate(Month(files=1_000, gb=1_000, scans=1))
    assert used["Athena"] == 300
    assert used["S3 storage"] == 1_300
    assert used["Lambda time, x86_64"] == pytest.approx((250 + 25_000) * 1769 / 1024)


def test_it_prints_its_assumptions(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cost", "--files", "30000", "--gb", "100"]) == 0
    told = capsys.readouterr().out
    assert f"total\t\t{cost(Month(30_000, 100)):.2f}\n" in told
    assert "Prices of us-east-1 as of" in told
    assert "https://aws.amazon.com/lambda/pricing/" in told
    assert "It is assumed that" in told


@pytest.mark.parametrize("arguments", [["--files", "0", "--gb", "1"], ["--files", "1", "--gb", "-1"], ["--gb", "1"]])
def test_wrong_amounts_are_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["cost", *arguments])
    assert ended.value.code == 1
