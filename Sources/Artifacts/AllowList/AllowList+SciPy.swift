extension AllowList {
  /// SciPy's sparse matrices of every kind, and the splines of `SplineTransformer`: attributes and nothing else.
  ///
  /// Nothing of `scipy.stats` may be listed: its distributions put code together from text when they are loaded.
  static let sciPy: [Section] = [
    (
      .instanceClass,
      [
        ("scipy.sparse._arrays", "bsr_array coo_array csc_array csr_array dia_array lil_array"),
        ("scipy.sparse._bsr", "bsr_array bsr_matrix"), ("scipy.sparse._coo", "coo_array coo_matrix"),
        ("scipy.sparse._csc", "csc_array csc_matrix"), ("scipy.sparse._csr", "csr_array csr_matrix"),
        ("scipy.sparse._dia", "dia_array dia_matrix"), ("scipy.sparse._lil", "lil_array lil_matrix"),
        ("scipy.sparse.bsr", "bsr_matrix"), ("scipy.sparse.coo", "coo_matrix"),
        ("scipy.sparse.csc", "csc_matrix"), ("scipy.sparse.csr", "csr_matrix"),
        ("scipy.sparse.dia", "dia_matrix"), ("scipy.sparse.lil", "lil_matrix"),
        ("scipy.interpolate._bsplines", "BSpline _BSpline"),
      ]
    ),
    // A dictionary of keys is one.
    (
      .mappingClass,
      [
        ("scipy.sparse._arrays", "dok_array"), ("scipy.sparse._dok", "dok_array dok_matrix"),
        ("scipy.sparse.dok", "dok_matrix"),
      ]
    ),
  ]

  /// The wrapper after which joblib puts the raw bytes of an array.
  static let joblib: [Section] = [
    (
      .instanceClass,
      [
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
      ]
    )
  ]
}
