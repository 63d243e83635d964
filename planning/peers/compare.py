"""Scores forecasts in planner's file format, and makes those of peers on the same split.

    compare.py score TRAIN TEST FORECAST...        one line of metrics for each forecast
    compare.py lightgbm TRAIN FUTURE OUT [SEED]    direct global LightGBM: Tweedie mean and nine quantile models
    compare.py statsforecast TRAIN FUTURE OUT      AutoETS with intervals

TRAIN has unique_id, ds, y, perhaps usd and columns known in advance; TEST has unique_id, ds, y; FUTURE as for `planner forecast`.
Needs pandas, numpy, pyarrow and the peer that is asked for. Times are CPU seconds of this process.
"""

import sys
import time

import numpy as np
import pandas as pd

LEVELS = [0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995]


def read(path):
    frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path, dtype={"unique_id": str})
    frame["unique_id"] = frame["unique_id"].astype(str)
    frame["ds"] = pd.to_datetime(frame["ds"])
    return frame


def wide(train):
    """Series by periods: 0 where there is no record, NaN before the first one and on days without any record."""
    days = np.sort(train.ds.unique())
    step = pd.Series(days).diff().mode()[0]
    table = train.pivot_table(index="unique_id", columns="ds", values="y", aggfunc="sum")
    full = pd.date_range(days[0], days[-1], freq=step)
    closed = ~full.isin(days) if step == pd.Timedelta(days=1) else np.zeros(len(full), bool)
    table = table.reindex(columns=full)
    values = table.to_numpy(float)
    begun = np.cumsum(np.isfinite(values), axis=1) > 0
    filled = np.where(np.isnan(values) & begun, 0.0, values)
    filled[:, closed] = np.nan
    return table.index, full, step, filled


def score(train_path, test_path, paths):
    train, test = read(train_path), read(test_path)
    ids, full, step, values = wide(train)
    recent = 28 if step == pd.Timedelta(days=1) else 8
    price = train.assign(u=train.usd if "usd" in train else train.y).groupby("unique_id")[["u", "y"]].sum()
    price = (price.u / price.y.clip(lower=1e-9)).reindex(ids).to_numpy()
    weight = np.nansum(values[:, -recent:], axis=1) * price
    squared, absolute = np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    for row, one in enumerate(values):
        one = one[np.isfinite(one)]
        sold = np.flatnonzero(one > 0)
        if len(sold) and len(one) - sold[0] > 1:
            gaps = np.diff(one[sold[0]:])
            squared[row], absolute[row] = np.mean(gaps**2), np.mean(np.abs(gaps))
    scales = pd.DataFrame({"squared": squared, "absolute": absolute, "weight": weight}, index=ids)
    for path in paths:
        both = test.merge(read(path), on=["unique_id", "ds"], how="left").fillna(0.0)
        both = both.join(scales, on="unique_id")
        both = both[both.absolute > 0]
        both["error"] = (both.yhat - both.y) ** 2
        by = both.groupby("unique_id")
        rmsse = np.sqrt(by.error.mean() / by.squared.first())
        w = by.weight.first() / by.weight.first().sum()
        line = f"{path}: WRMSSE {np.sum(w * rmsse):.4f} RMSSE {rmsse.mean():.4f}"
        line += f" WAPE {np.abs(both.yhat - both.y).sum() / both.y.sum():.3f} bias {(both.yhat - both.y).sum() / both.y.sum():+.3f}"
        if "q_0.5" in both:
            loss = sum(np.maximum(q * (both.y - both[f"q_{q}"]), (q - 1) * (both.y - both[f"q_{q}"])) for q in LEVELS) / 9
            spl = (loss / both.absolute).groupby(both.unique_id).mean()
            under = [f"{np.mean(both.y <= both[f'q_{q}']):.4f}" for q in LEVELS]
            line += f" WSPL {np.sum(w * spl):.4f} at or under {' '.join(under)}"
        print(line)


def features(values, full, step, at, h, ids_code, known):
    """One row a series for the origin `at` and the step `h`."""
    past = values[:, :at]
    daily = step == pd.Timedelta(days=1)
    year, season = (364, 7) if daily else (52, 1)
    columns = [np.full(len(values), float(h)), ids_code]
    for width in (4, 8, 13, 26, 52) if not daily else (7, 14, 28, 56, 182):
        part = past[:, -width:]
        columns += [np.nanmean(part, axis=1), np.nanstd(part, axis=1), np.nanmean(part > 0, axis=1)]
    columns += [past[:, -lag] if past.shape[1] >= lag else np.full(len(values), np.nan) for lag in range(1, 8)]
    if season > 1:
        lags = [past[:, at + h - season * k] for k in range(1, 60) if 0 <= at + h - season * k < at][:8]
        columns += [np.nanmean(lags[:4], axis=0), np.nanmean(lags, axis=0), lags[0]]
    columns.append(past[:, at + h - year] if at + h - year >= 0 else np.full(len(values), np.nan))
    since = np.argmax(past[:, ::-1] > 0, axis=1).astype(float)
    day = full[0] + step * (at + h)
    columns += [since] + [np.full(len(values), float(v)) for v in (day.dayofweek, day.day, day.month, day.dayofyear)]
    columns += [one[:, at + h] for one in known]
    return np.column_stack(columns)


def lightgbm(train_path, future_path, out, seed=1):
    import warnings

    import lightgbm as lgb

    warnings.simplefilter("ignore")
    started = time.process_time()
    train, future = read(train_path), read(future_path)
    ids, full, step, values = wide(train)
    horizon = int((future.ds.max() - full[-1]) / step)
    names = [n for n in future.columns if n in train.columns and n not in ("unique_id", "ds", "y")]
    axis = pd.date_range(full[0], periods=len(full) + horizon, freq=step)
    known = [
        pd.concat([train, future]).pivot_table(index="unique_id", columns="ds", values=n).reindex(index=ids, columns=axis).to_numpy(float)
        for n in names
    ]
    code = np.arange(len(ids), dtype=float)
    rows_max, steps = 500_000, range(0, horizon, max(1, horizon // 8))
    origins = max(4, min(200, rows_max // (len(ids) * len(steps))))
    first = max(values.shape[1] - (910 if horizon > 8 else 130), 30)
    x, y = [], []
    for at in np.unique(np.linspace(first, values.shape[1] - 1, origins).astype(int)):
        for h in steps:
            if at + h < values.shape[1]:
                good = np.isfinite(values[:, at + h])
                x.append(features(values, full, step, at, h, code, known)[good])
                y.append(values[good, at + h])
    x, y = np.concatenate(x), np.concatenate(y)
    at = values.shape[1]
    ahead = np.concatenate([features(values, full, step, at, h, code, known) for h in range(horizon)])
    base = dict(num_leaves=127, learning_rate=0.05, min_data_in_leaf=40, feature_fraction=0.6, bagging_fraction=0.7, bagging_freq=1, num_threads=1, verbosity=-1, seed=seed)
    data = lgb.Dataset(x, y, free_raw_data=False)
    frame = pd.DataFrame({"unique_id": np.tile(ids, horizon), "ds": np.repeat([full[-1] + step * (h + 1) for h in range(horizon)], len(ids))})
    frame["yhat"] = lgb.train(base | dict(objective="tweedie", tweedie_variance_power=1.2), data, 250).predict(ahead)
    found = []
    for q in LEVELS:
        settings = base | dict(objective="quantile", alpha=q, num_leaves=63)
        found.append(lgb.train(settings, lgb.Dataset(x, y), 150).predict(ahead))
    found = np.sort(np.maximum(np.column_stack(found), 0), axis=1)
    for place, q in enumerate(LEVELS):
        frame[f"q_{q}"] = found[:, place]
    frame.to_parquet(out, index=False)
    print(f"lightgbm: {len(y)} rows, {time.process_time() - started:.1f} CPU seconds")


def statsforecast(train_path, future_path, out):
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    started = time.process_time()
    train, future = read(train_path), read(future_path)
    ids, full, step, values = wide(train)
    horizon = int((future.ds.max() - full[-1]) / step)
    daily = step == pd.Timedelta(days=1)
    long = pd.DataFrame(values, index=ids, columns=full).stack().reset_index()
    long.columns = ["unique_id", "ds", "y"]
    model = StatsForecast([AutoETS(season_length=7 if daily else 1)], freq="D" if daily else "W-MON", n_jobs=1)
    made = model.forecast(df=long, h=horizon, level=[50, 67, 95, 99])
    frame = made.rename(columns={"AutoETS": "yhat", "AutoETS-lo-99": "q_0.005", "AutoETS-lo-95": "q_0.025", "AutoETS-lo-67": "q_0.165", "AutoETS-lo-50": "q_0.25", "AutoETS-hi-50": "q_0.75", "AutoETS-hi-67": "q_0.835", "AutoETS-hi-95": "q_0.975", "AutoETS-hi-99": "q_0.995"})
    frame["q_0.5"] = frame.yhat
    numbers = [c for c in frame.columns if c not in ("unique_id", "ds")]
    frame[numbers] = frame[numbers].clip(lower=0)
    frame.to_parquet(out, index=False)
    print(f"statsforecast: {len(ids)} series, {time.process_time() - started:.1f} CPU seconds")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["score", train, test, *paths]:
            score(train, test, paths)
        case ["lightgbm", train, future, out, *seed]:
            lightgbm(train, future, out, *(int(s) for s in seed))
        case ["statsforecast", train, future, out]:
            statsforecast(train, future, out)
        case _:
            sys.exit(__doc__)
