import Artifacts

/// The names that PyTorch's own pickles import, and that have no effect beyond the tensors they make.
enum TorchNames {
  /// Functions and classes that are called to put tensors together.
  static let rebuilders: Set<PickleGlobal> = {
    var names: Set<PickleGlobal> = []
    let sections = [
      "torch._utils":
        """
      _rebuild_device_tensor_from_cpu_tensor _rebuild_device_tensor_from_numpy \
      _rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_parameter \
      _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_csr_tensor _rebuild_sparse_tensor \
      _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_wrapper_subclass _rebuild_xla_tensor
      """,
      "torch._tensor": "_rebuild_from_type _rebuild_from_type_v2",
      "torch.tensor": "_rebuild_from_type",
      "torch": "Size device Tensor",
      "torch.nn.parameter": "Parameter Buffer",
      "torch.serialization": "_get_layout",
      "torch.jit._pickle":
        "build_intlist build_tensorlist build_doublelist build_boollist build_tensor_from_id restore_type_tag",
    ]
    for (module, text) in sections {
      for name in text.split(separator: " ") {
        names.insert(PickleGlobal(module: module, name: String(name)))
      }
    }
    return names
  }()

  /// Values: data types, layouts, memory formats, and the classes of storages and tensors.
  static func isValue(_ global: PickleGlobal) -> Bool {
    switch global.module {
    case "torch": values.contains(global.name) || isTensorClass(global.name) || isStorageClass(global.name)
    case "torch.cuda", "torch.storage", "torch.sparse", "torch.cuda.sparse":
      isTensorClass(global.name) || isStorageClass(global.name)
    default: false
    }
  }

  private static func isStorageClass(_ name: String) -> Bool { TorchStorage.typeNames.contains(name) }

  private static func isTensorClass(_ name: String) -> Bool {
    name.hasSuffix("Tensor") && TorchStorage.typeNames.contains(String(name.dropLast(6)) + "Storage")
  }

  private static let values = Set(
    """
    bcomplex32 bfloat16 bit bits16 bits1x8 bits2x4 bits4x2 bits8 bool cdouble cfloat chalf complex128 complex32 \
    complex64 double float float16 float32 float4_e2m1fn_x2 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2 \
    float8_e5m2fnuz float8_e8m0fnu half int int1 int16 int2 int3 int32 int4 int5 int6 int64 int7 int8 long \
    qint32 qint8 quint2x4 quint4x2 quint8 short uint1 uint16 uint2 uint3 uint32 uint4 uint5 uint6 uint64 uint7 \
    uint8 strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc jagged contiguous_format channels_last \
    channels_last_3d preserve_format per_channel_affine per_channel_affine_float_qparams per_channel_symmetric \
    per_tensor_affine per_tensor_symmetric
    """.split(separator: " ").map(String.init))

  /// Makes a storage of bytes that are a whole PyTorch file themselves: how tensors are pickled by others.
  static let loadFromBytes = PickleGlobal(module: "torch.storage", name: "_load_from_bytes")
  /// How Python pickles what is found in a class.
  static let getAttribute = PickleGlobal(module: "builtins", name: "getattr")
  /// The classes whose attributes the functions of `torch` are.
  static let functionHolders: Set<PickleGlobal> = [
    PickleGlobal(module: "torch._C", name: "_VariableFunctionsClass"),
    PickleGlobal(module: "torch._C._VariableFunctions", name: "_VariableFunctionsClass"),
    PickleGlobal(module: "torch._C", name: "TensorBase"), PickleGlobal(module: "torch", name: "Tensor"),
  ]
  /// Calls the function that is its first argument.
  static let rebuildFromType: Set<PickleGlobal> = [
    PickleGlobal(module: "torch._tensor", name: "_rebuild_from_type"),
    PickleGlobal(module: "torch._tensor", name: "_rebuild_from_type_v2"),
    PickleGlobal(module: "torch.tensor", name: "_rebuild_from_type"),
  ]
  /// Put a tensor over a storage: storage, offset, sizes, strides.
  static let viewMakers: Set<PickleGlobal> = [
    PickleGlobal(module: "torch._utils", name: "_rebuild_tensor"),
    PickleGlobal(module: "torch._utils", name: "_rebuild_tensor_v2"),
    PickleGlobal(module: "torch._utils", name: "_rebuild_tensor_v3"),
    PickleGlobal(module: "torch._utils", name: "_rebuild_qtensor"),
  ]
}
