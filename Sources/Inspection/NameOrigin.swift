import Artifacts

/// Where a name that is not on the allow-list comes from, and so what to think of it.
///
/// This decides only how a refusal is worded and how much it weighs. Nothing is ever admitted by it.
enum NameOrigin {
  /// Python's own: there is no harmless reason for it in a model.
  case standardLibrary
  /// A function of a well-known library.
  case libraryFunction
  /// A class of a well-known library, or a function that only puts one of its objects together again.
  case libraryClass
  /// A class of a library of estimators.
  case estimator
  /// What cloudpickle and dill use to put a function together from its code.
  case functionByValue
  /// joblib's wrappers that name another file.
  case externalFile
  /// A module that nobody but the author knows.
  case own

  init(_ global: PickleGlobal) {
    let module = global.module
    let package = String(module.prefix { $0 != "." })
    // A notebook or a training script.
    if module == "__main__" || module.isEmpty {
      self = .own
    } else if StandardLibrary.contains(module) {
      self = .standardLibrary
    } else if Self.functionBuilders.contains(global) {
      self = .functionByValue
    } else if Self.fileWrappers.contains(global) {
      self = .externalFile
    } else if Self.estimatorLibraries.contains(package) || module == "_loss" {
      self = Self.isClass(global.name) || Self.rebuilds(global.name) ? .estimator : .libraryFunction
    } else if Self.tools.contains(package) {
      self = .libraryFunction
    } else if Self.libraries.contains(package) {
      self = Self.isClass(global.name) || Self.rebuilds(global.name) ? .libraryClass : .libraryFunction
    } else {
      self = .own
    }
  }

  /// Whether the name is spelled as these libraries spell classes: `DataFrame`, `_Block`.
  ///
  /// A dotted name reaches further and is no class.
  private static func isClass(_ name: String) -> Bool {
    guard let first = name.drop(while: { $0 == "_" }).first else { return false }
    return first.isUppercase && !name.contains(".")
  }

  /// Functions that libraries pickle their own objects with.
  private static func rebuilds(_ name: String) -> Bool {
    (name.hasPrefix("__pyx_unpickle_") && !name.contains(".")) || rebuilders.contains(name)
  }

  private static let rebuilders: Set<String> = [
    "newObj", "_unpickle_block", "_new_Index", "_new_DatetimeIndex", "new_block", "_unpickle_timestamp",
    "_timedelta_unpickle", "_mareconstruct", "_ufunc_reconstruct", "_rebuild_tensor", "_rebuild_tensor_v2",
    "_rebuild_parameter", "__newobj__",
  ]

  private static let estimatorLibraries: Set<String> = [
    "sklearn", "xgboost", "lightgbm", "catboost", "imblearn", "sktime", "category_encoders", "feature_engine",
    "mlxtend", "interpret",
  ]

  /// Libraries whose objects honest models hold, and whose functions may read files or run code.
  private static let libraries: Set<String> = [
    "numpy", "scipy", "pandas", "torch", "torchvision", "tensorflow", "keras", "jax", "flax", "transformers",
    "statsmodels", "polars", "pyarrow", "numba", "matplotlib", "nltk", "spacy", "gensim", "pydantic", "attr",
    "six", "dask", "pyspark", "onnx", "sqlalchemy", "jinja2", "yaml",
  ]

  /// Libraries that load, install, start or fetch: nothing of them belongs in a model.
  private static let tools: Set<String> = [
    "joblib", "cloudpickle", "dill", "huggingface_hub", "onnxruntime", "skops", "mlflow", "cffi",
    "distributed", "ray", "IPython", "ipykernel", "pip", "setuptools", "pkg_resources", "wheel",
    "_distutils_hack", "requests", "urllib3", "httpx", "aiohttp", "psutil", "paramiko", "fabric", "invoke",
    "sh", "plumbum", "pexpect", "ptyprocess", "click", "django", "flask", "werkzeug", "celery", "fsspec",
    "s3fs", "boto3", "botocore", "tqdm", "pytest", "_pytest", "py", "nose", "Cython", "pyximport", "execnet",
    "twisted", "tornado", "zmq", "jsonpickle",
  ]

  private static let functionBuilders: Set<PickleGlobal> = {
    let makers = [
      "_make_function", "_make_skel_func", "_fill_function", "_function_setstate", "_make_empty_cell",
      "_make_cell", "_make_skeleton_class", "_make_skeleton_enum", "_make_typevar", "_class_setstate",
      "_builtin_type", "_gen_ellipsis", "_gen_not_implemented", "subimport", "dynamic_subimport",
      "_get_cell_contents", "_empty_cell_value", "_property_reconstruct",
    ]
    var builders: Set<PickleGlobal> = []
    for module in [
      "cloudpickle.cloudpickle", "cloudpickle.cloudpickle_fast", "joblib.externals.cloudpickle.cloudpickle",
    ] {
      for name in makers { builders.insert(PickleGlobal(module: module, name: name)) }
    }
    for name in ["_create_function", "_create_code", "_create_cell", "_create_type", "_load_type"] {
      builders.insert(PickleGlobal(module: "dill._dill", name: name))
    }
    return builders
  }()

  /// The types that cloudpickle looks up by name and calls to make a function; alone they have no effect.
  static let functionTypes: Set<PickleGlobal> = [
    PickleGlobal(module: "types", name: "CodeType"), PickleGlobal(module: "types", name: "CellType"),
    PickleGlobal(module: "types", name: "FunctionType"),
  ]

  private static let fileWrappers: Set<PickleGlobal> = [
    PickleGlobal(module: "joblib.numpy_pickle", name: "NDArrayWrapper"),
    PickleGlobal(module: "joblib.numpy_pickle", name: "ZNDArrayWrapper"),
    PickleGlobal(module: "joblib.numpy_pickle_compat", name: "NDArrayWrapper"),
    PickleGlobal(module: "joblib.numpy_pickle_compat", name: "ZNDArrayWrapper"),
    PickleGlobal(module: "sklearn.externals.joblib.numpy_pickle", name: "NDArrayWrapper"),
    PickleGlobal(module: "sklearn.externals.joblib.numpy_pickle", name: "ZNDArrayWrapper"),
  ]
}
