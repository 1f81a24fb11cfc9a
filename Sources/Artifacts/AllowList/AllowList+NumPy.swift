extension AllowList {
  /// NumPy's names, as NumPy 1 (`numpy.core`) and NumPy 2 (`numpy._core`) write them.
  static let numPy: [Section] = [
    (
      .constructor(.numPyReconstruct),
      [("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")]
    ),
    (
      .constructor(.numPyFromBuffer),
      [("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer")]
    ),
    (
      .constructor(.numPyScalar),
      [("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")]
    ),
    (.constructor(.numPyUniversalFunction), [("numpy.core", "_ufunc_reconstruct")]),
    (.constructor(.numPyDataType), [("numpy", "dtype")]),
    (
      .valueClass,
      [
        (
          "numpy",
          """
          ndarray bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp uintp intc uintc longlong \
          ulonglong float16 float32 float64 longdouble float96 float128 complex64 complex128 clongdouble \
          complex192 complex256 str_ bytes_ object_ void record datetime64 timedelta64 generic number integer \
          signedinteger unsignedinteger inexact floating complexfloating flexible character half single double
          """
        ),
        ("numpy.ma", "MaskedArray"), ("numpy.ma.core", "MaskedArray mvoid"),
      ]
    ),
    // Arrays with a mask, which searches keep their results in: `_mareconstruct(MaskedArray, ndarray, (0,), b'b')`,
    // and the one masked value.
    (.constructor(.instanceOfArgument), [("numpy.ma.core", "_mareconstruct")]),
    (.constructor(.instance), [("numpy.ma.core", "MaskedConstant")]),
    (
      .instanceClass,
      [
        ("numpy", "poly1d"), ("numpy.lib._polynomial_impl", "poly1d"), ("numpy.lib.polynomial", "poly1d"),
        ("numpy.polynomial.chebyshev", "Chebyshev"), ("numpy.polynomial.hermite", "Hermite"),
        ("numpy.polynomial.hermite_e", "HermiteE"), ("numpy.polynomial.laguerre", "Laguerre"),
        ("numpy.polynomial.legendre", "Legendre"), ("numpy.polynomial.polynomial", "Polynomial"),
      ]
    ),
    (
      .valueClass,
      [
        ("numpy", "matrix recarray chararray"), ("numpy.matrixlib.defmatrix", "matrix"),
        ("numpy.rec", "recarray"), ("numpy.char", "chararray"),
      ]
    ),
    (.valueFunction, universalFunctions),
    (
      .valueFunction,
      [
        ("numpy", reductions), ("scipy._lib.array_api_compat.numpy._aliases", "asarray"),
      ]
    ),
    // Random states travel along with fitted models; nothing that predicts looks at them.
    (
      .constructor(.instance),
      [
        (
          "numpy.random._pickle",
          "__randomstate_ctor __generator_ctor __bit_generator_ctor"
        )
      ]
    ),
    (
      .constructor(.instanceOfArgument),
      [
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"),
        ("numpy.random._bit_generator", "__pyx_unpickle_SeedSequence"),
      ]
    ),
    (
      .instanceClass,
      [
        ("numpy.random.bit_generator", "SeedSequence"), ("numpy.random._bit_generator", "SeedSequence"),
        ("numpy.random._mt19937", "MT19937"), ("numpy.random._pcg64", "PCG64 PCG64DXSM"),
        ("numpy.random._philox", "Philox"), ("numpy.random._sfc64", "SFC64"),
      ]
    ),
  ]

  /// Universal functions by the modules that say they have them: arrays in, an array out, and nothing else.
  ///
  /// Up to 1.19 NumPy writes the first module that has the function, from 1.20 on the one that it is defined in.
  private static let universalFunctions = [
    ("numpy", ufuncs), ("numpy.core._multiarray_umath", ufuncs), ("numpy._core._multiarray_umath", ufuncs),
    ("scipy.special", specials), ("scipy.special._ufuncs", specials),
    ("scipy.special._special_ufuncs", specials),
  ]

  /// The universal functions alone, which `_ufunc_reconstruct` may be asked for.
  private static let universal: Set<PickleGlobal> = Set(
    universalFunctions.flatMap { module, names in
      names.split(separator: " ").map { PickleGlobal(module: module, name: String($0)) }
    })

  /// Whether the name is that of a universal function on the list.
  static func isUniversalFunction(_ global: PickleGlobal) -> Bool { universal.contains(global) }

  /// Those of SciPy.
  private static let specials = "cbrt erf exp2 expit expm1 log1p"

  /// Those of NumPy.
  private static let ufuncs = """
    abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 \
    atanh bitwise_and bitwise_not bitwise_or bitwise_xor cbrt ceil conj conjugate copysign cos cosh deg2rad \
    degrees divide equal exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod greater \
    greater_equal heaviside hypot invert isfinite isinf isnan isnat less less_equal log log10 log1p log2 \
    logaddexp logaddexp2 logical_and logical_not logical_or logical_xor maximum minimum mod multiply negative \
    nextafter not_equal positive pow power rad2deg radians reciprocal remainder rint sign signbit sin sinh \
    spacing sqrt square subtract tan tanh true_divide trunc
    """

  /// Functions that make one number of many, and such as change each number by itself.
  private static let reductions = """
    all amax amin any argmax argmin around average clip max mean median min nan_to_num nanmax nanmean \
    nanmedian nanmin nanstd nansum nanvar prod ptp ravel round std sum var
    """
}
