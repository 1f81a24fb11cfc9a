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
    (.constructor(.numPyDataType), [("numpy", "dtype")]),
    (
      .valueClass,
      [
        (
          "numpy",
          """
          ndarray bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp uintp float16 float32 \
          float64 complex64 complex128 str_ bytes_ object_ void datetime64 timedelta64 number integer \
          floating
          """
        )
      ]
    ),
    (
      .valueFunction,
      [
        ("numpy", ufuncs), ("numpy.core._multiarray_umath", ufuncs),
        ("numpy._core._multiarray_umath", ufuncs),
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

  /// Functions of one array that give an array of the same shape.
  private static let ufuncs = """
    abs absolute cbrt ceil cos cosh deg2rad exp exp2 expm1 fabs floor log log10 log1p log2 negative positive \
    rad2deg reciprocal rint sign sin sinh sqrt square tan tanh trunc
    """

  /// SciPy's sparse matrices.
  static let sciPy: [Section] = [
    (
      .instanceClass,
      [
        ("scipy.sparse._csr", "csr_matrix csr_array"), ("scipy.sparse._csc", "csc_matrix csc_array"),
        ("scipy.sparse.csr", "csr_matrix"), ("scipy.sparse.csc", "csc_matrix"),
      ]
    )
  ]

  /// The wrapper after which joblib puts the raw bytes of an array.
  static let joblib: [Section] = [(.instanceClass, [("joblib.numpy_pickle", "NumpyArrayWrapper")])]
}
