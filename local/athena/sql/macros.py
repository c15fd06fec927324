"""Trino's functions that DuckDB lacks or means otherwise, as SQL macros over DuckDB's own."""

DIGITS = "CAST(CAST(abs(n) AS HUGEINT) AS VARCHAR)"
WHOLE = f"lpad({DIGITS}, CAST(greatest(s + 1, length({DIGITS})) AS INTEGER), '0')"

MACROS = (
    """CREATE MACRO athena_int(s) AS CASE WHEN s IS NULL OR regexp_full_match(s, '[+-]?[0-9]+') THEN s
    ELSE error('INVALID_CAST_ARGUMENT: Cannot cast ''' || s || ''' to a whole number') END""",
    "CREATE MACRO athena_try_int(s) AS CASE WHEN regexp_full_match(s, '[+-]?[0-9]+') THEN s END",
    "CREATE MACRO athena_timestamp(t) AS strftime(t, '%Y-%m-%d %H:%M:%S.%g')",
    """CREATE MACRO athena_substr(s, n) AS CASE WHEN n = 0 THEN '' ELSE substring(s, n) END,
    (s, n, l) AS CASE WHEN n = 0 OR l <= 0 OR -n > length(s) THEN '' ELSE substring(s, n, l) END""",
    """CREATE MACRO athena_regexp_extract(s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END,
    (s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END""",
    "CREATE MACRO athena_unscaled(d) AS CAST(replace(CAST(d AS VARCHAR), '.', '') AS HUGEINT)",
    """CREATE MACRO athena_half_up(n, d) AS
    (abs(n) * 2 + abs(d)) // (abs(d) * 2) * CAST(sign(n) AS HUGEINT) * CAST(sign(d) AS HUGEINT)""",
    f"""CREATE MACRO athena_scaled(n, s) AS CASE WHEN s = 0 THEN CAST(CAST(n AS HUGEINT) AS VARCHAR) ELSE
    CASE WHEN n < 0 THEN '-' ELSE '' END || left({WHOLE}, -s) || '.' || right({WHOLE}, s) END""",
    """CREATE MACRO athena_json_scalar(j, p) AS
    CASE WHEN json_type(j, p) IN ('OBJECT', 'ARRAY') THEN NULL ELSE json_extract_string(j, p) END""",
    """CREATE MACRO athena_json_length(j) AS
    CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END""",
    "CREATE MACRO athena_split_part(s, d, n) AS CASE WHEN n <= length(str_split(s, d)) THEN str_split(s, d)[n] END",
)
