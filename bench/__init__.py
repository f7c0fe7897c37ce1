"""The benchmark: stock `mlflow server` and this Studio in turn, on the machine at hand.

`python -m bench` (or `make bench`) starts each server several times, interleaved, measures the
figures of `bench.figures` from outside, and prints one table. It needs Linux: memory is read from
`/proc`. Nothing here is part of the installed package.
"""
