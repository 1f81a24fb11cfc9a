extension AllowList {
  /// The data of pandas 1 to 3: frames, series, indexes, extension arrays, their dtypes and scalars.
  ///
  /// pandas 3 has moved the public classes to `pandas` and `pandas.arrays`. Nothing that reads or writes files,
  /// evaluates expressions or formats is here.
  static let pandas: [Section] = [
    (
      .instanceClass,
      [
        (
          "pandas",
          """
          ArrowDtype BooleanDtype Categorical CategoricalDtype CategoricalIndex DataFrame DatetimeIndex \
          DatetimeTZDtype Float32Dtype Float64Dtype Index Int16Dtype Int32Dtype Int64Dtype Int8Dtype \
          IntervalDtype IntervalIndex MultiIndex PeriodIndex RangeIndex Series SparseDtype \
          TimedeltaIndex UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype
          """
        ),
        (
          "pandas.arrays",
          """
          ArrowExtensionArray ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray \
          IntervalArray NumpyExtensionArray PeriodArray SparseArray StringArray TimedeltaArray
          """
        ),
        ("pandas.core.arrays.boolean", "BooleanArray BooleanDtype"),
        ("pandas.core.arrays.categorical", "Categorical"),
        ("pandas.core.arrays.datetimes", "DatetimeArray"),
        ("pandas.core.arrays.floating", "Float32Dtype Float64Dtype FloatingArray"),
        (
          "pandas.core.arrays.integer",
          """
          Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntegerArray UInt16Dtype UInt32Dtype UInt64Dtype \
          UInt8Dtype
          """
        ),
        ("pandas.core.arrays.interval", "IntervalArray"),
        ("pandas.core.arrays.numpy_", "NumpyExtensionArray PandasArray PandasDtype"),
        ("pandas.core.arrays.period", "PeriodArray"),
        ("pandas.core.arrays.sparse.array", "SparseArray"),
        ("pandas.core.arrays.sparse.dtype", "SparseDtype"),
        ("pandas.core.arrays.string_", "StringArray"),
        ("pandas.core.arrays.string_arrow", "ArrowStringArray"),
        ("pandas.core.arrays.timedeltas", "TimedeltaArray"),
        (
          "pandas.core.dtypes.dtypes",
          """
          CategoricalDtype DatetimeTZDtype IntervalDtype NumpyEADtype PandasDtype SparseDtype
          """
        ),
        ("pandas.core.flags", "Flags"),
        ("pandas.core.frame", "DataFrame"),
        ("pandas.core.indexes.base", "Index"),
        ("pandas.core.indexes.category", "CategoricalIndex"),
        ("pandas.core.indexes.datetimes", "DatetimeIndex"),
        ("pandas.core.indexes.interval", "IntervalIndex"),
        ("pandas.core.indexes.multi", "MultiIndex"),
        ("pandas.core.indexes.numeric", "Float64Index Int64Index UInt64Index"),
        ("pandas.core.indexes.period", "PeriodIndex"),
        ("pandas.core.indexes.range", "RangeIndex"),
        ("pandas.core.indexes.timedeltas", "TimedeltaIndex"),
        ("pandas._libs.tslibs.offsets", "DateOffset"),
        ("pandas.core.internals.managers", "SingleBlockManager"), ("pandas.core.series", "Series"),
      ]
    ),
    // Called with the values that they hold.
    (
      .constructor(.instance),
      [
        ("pandas", "DateOffset Interval Period PeriodDtype StringDtype Timedelta Timestamp"),
        ("pandas._libs.internals", "_unpickle_block"),
        ("pandas._libs.interval", "Interval"),
        ("pandas._libs.sparse", "BlockIndex IntIndex"),
        ("pandas._libs.tslibs.nattype", "__nat_unpickle _nat_unpickle"),
        (
          "pandas._libs.tslibs.offsets",
          """
          BDay BHalfYearBegin BHalfYearEnd BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BYearBegin \
          BYearEnd BusinessDay BusinessHour BusinessMonthBegin BusinessMonthEnd CBMonthBegin CBMonthEnd \
          CDay CustomBusinessDay CustomBusinessHour CustomBusinessMonthBegin CustomBusinessMonthEnd \
          Day Easter FY5253 FY5253Quarter HalfYearBegin HalfYearEnd Hour LastWeekOfMonth \
          Micro Milli Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd Second SemiMonthBegin \
          SemiMonthEnd Week WeekOfMonth YearBegin YearEnd
          """
        ),
        ("pandas._libs.tslibs.period", "Period"),
        ("pandas._libs.tslibs.timedeltas", "Timedelta _timedelta_unpickle"),
        ("pandas._libs.tslibs.timestamps", "Timestamp _unpickle_timestamp"),
        ("pandas.core.arrays.string_", "StringDtype"),
        ("pandas.core.dtypes.dtypes", "PeriodDtype"),
        ("pandas.core.indexes.frozen", "FrozenList"),
        ("pandas.core.internals.blocks", "new_block"),
        ("pandas.core.internals.managers", "BlockManager"),
      ]
    ),
    // Functions that make an instance of their first argument, `cls.__new__(cls, …)`, and fill it.
    (
      .constructor(.instanceOfArgument),
      [
        ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
        ("pandas._libs.interval", "__pyx_unpickle_IntervalMixin"),
        ("pandas._libs.tslibs.period", "__pyx_unpickle_PeriodMixin"),
        ("pandas.core.indexes.base", "_new_Index"),
        ("pandas.core.indexes.datetimes", "_new_DatetimeIndex"),
        ("pandas.core.indexes.interval", "_new_IntervalIndex"),
        ("pandas.core.indexes.period", "_new_PeriodIndex"),
        ("pandas.core.indexes.timedeltas", "_new_TimedeltaIndex"),
      ]
    ),
    // The one missing value.
    (.valueClass, [("pandas", "NA"), ("pandas._libs.missing", "NA")]),
    // Time zones and spans by the calendar, which indexes of moments hold. pytz and dateutil look a zone up in
    // their own tables, by a name that they check.
    (.constructor(.instance), [("dateutil.tz.tz", "tzutc"), ("pytz", "_UTC _p")]),
    (.instanceClass, [("dateutil.relativedelta", "relativedelta")]),
  ]
}
