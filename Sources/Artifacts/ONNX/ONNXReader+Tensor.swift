import Encoding

// Tensors: shape against data, wherever the data is.
extension ONNXReader {
  /// How many dimensions a tensor may have; NumPy's limit.
  private static let rankLimit = 64
  /// How many integers of a typed field are kept, in case they are a shape.
  private static let keptIntegers = 16
  /// How many references to other files are kept.
  private static let externalLimit = 100_000

  /// Reads a tensor and says what is wrong with it.
  mutating func readTensor(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(MalformedBytes) -> ONNXTensor {
    var tensor = ONNXTensor(name: bytes.prefix(0), offset: offset)
    guard countPart(at: offset) else { return tensor }
    reading.tensorCount += 1
    var external: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, offset: Int)] = []
    var rank = 0
    var once = OnceOnly("a tensor", [2, 8, 9, 14])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      switch field.number {
      case 1:
        var sizes: [Int64] = []
        try field.forEachInteger { size in
          if sizes.count <= Self.rankLimit { sizes.append(size) }
        }
        rank += sizes.count
        tensor.dimensions += sizes.prefix(max(0, Self.rankLimit - tensor.dimensions.count))
      case 2:
        tensor.typeNumber = field.integer ?? 0
        tensor.type = ONNXElementType(rawValue: tensor.typeNumber)
      case 4: tensor.typedCounts[4, default: 0] += try field.fixedCount(width: 4)
      case 5, 7, 11:
        tensor.typedCounts[field.number, default: 0] += field.integerCount
        if field.number != 11, tensor.typedIntegers.count < Self.keptIntegers {
          var kept = tensor.typedIntegers
          try field.forEachInteger { if kept.count < Self.keptIntegers { kept.append($0) } }
          tensor.typedIntegers = kept
        }
      case 6: tensor.typedCounts[6, default: 0] += 1
      case 10: tensor.typedCounts[10, default: 0] += try field.fixedCount(width: 8)
      case 8: if let name = field.bytes { tensor.name = name }
      case 9: tensor.raw = field.bytes
      case 13:
        if let entry = field.bytes, external.count < 64 {
          let (key, value) = try readEntry(entry)
          external.append((key, value, field.offset))
        }
      case 14: tensor.isExternal = field.varint == 1
      default: break
      }
    }
    if rank > Self.rankLimit {
      observe(.shape, "expected at most \(Self.rankLimit) dimensions, found a tensor of \(rank)", offset)
    } else {
      try measure(tensor, external: external)
    }
    return tensor
  }

  /// Reads a pair of texts.
  private func readEntry(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> (
    key: ArraySlice<UInt8>, value: ArraySlice<UInt8>
  ) {
    var key = bytes.prefix(0)
    var value = key
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 1, let text = field.bytes { key = text }
      if field.number == 2, let text = field.bytes { value = text }
    }
    return (key, value)
  }

  private mutating func measure(
    _ tensor: ONNXTensor, external: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, offset: Int)]
  ) throws(MalformedBytes) {
    let name = tensor.name.quoted()
    let shape = "[\(tensor.dimensions.map(String.init).joined(separator: ", "))]"
    if let negative = tensor.dimensions.first(where: { $0 < 0 }) {
      observe(.shape, "expected the size of a dimension, found \(negative) in tensor \(name)", tensor.offset)
      return
    }
    guard let count = tensor.elementCount else {
      observe(
        .shape, "expected a shape that fits in memory, found tensor \(name) of shape \(shape)", tensor.offset)
      return
    }
    let needed = tensor.type?.byteCount(count)
    if tensor.isExternal || external.contains(where: { $0.key.elementsEqual("location".utf8) }) {
      readExternal(tensor, needed: needed, external)
      if tensor.isExternal, (needed ?? count) > Self.absurdByteCount {
        observe(
          .shape, "expected a shape that fits in memory, found tensor \(name) of shape \(shape)",
          tensor.offset)
      }
      if tensor.isExternal {
        if tensor.raw != nil || !tensor.typedCounts.isEmpty {
          observe(
            .duplicateField,
            "expected the data of tensor \(name) in another file, found data in this one as well",
            tensor.offset)
        }
        return
      }
    }
    guard let type = tensor.type else {
      let number = tensor.typeNumber
      if number != 0 || count > 0 {
        observe(
          .tensorSize, "expected an element type from 1 to 26, found \(number) in tensor \(name)",
          tensor.offset)
      }
      return
    }
    if let raw = tensor.raw, type != .string {
      if !tensor.typedCounts.isEmpty {
        observe(
          .tensorSize, "expected the data of tensor \(name) once, found it as raw and as typed data",
          tensor.offset)
      }
      report(tensor, shape, needed: needed, unit: "bytes", found: raw.count)
    } else if let typed = tensor.typedCount(count) {
      let found = tensor.typedCounts[typed.field] ?? 0
      report(tensor, shape, needed: typed.count, unit: "values", found: found, bytes: needed)
      if tensor.typedCounts.contains(where: { $0.key != typed.field && $0.value > 0 }) {
        observe(
          .tensorSize,
          "expected data of the element type in tensor \(name), found data of another type as well",
          tensor.offset)
      }
    }
  }

  private mutating func report(
    _ tensor: ONNXTensor, _ shape: String, needed: Int?, unit: String, found: Int, bytes: Int? = nil
  ) {
    guard needed != found else { return }
    let isAbsurd = (bytes ?? needed).map { $0 > Self.absurdByteCount } ?? true
    observe(
      isAbsurd ? .shape : .tensorSize,
      "expected \(needed.map(String.init) ?? "more than 2^63") \(unit) in tensor \(tensor.name.quoted()) of shape"
        + " \(shape), found \(found)", tensor.offset)
  }

  /// Notes the file that a tensor's data is in.
  private mutating func readExternal(
    _ tensor: ONNXTensor, needed: Int?,
    _ entries: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, offset: Int)]
  ) {
    let name = tensor.name.quoted()
    func number(_ key: String) -> UInt64?? {
      guard let entry = entries.last(where: { $0.key.elementsEqual(key.utf8) }) else { return .some(nil) }
      return UInt64(String(decoding: entry.value.prefix(32), as: UTF8.self)).map { .some($0) }
    }
    for key in ["location", "offset", "length"]
    where entries.filter({ $0.key.elementsEqual(key.utf8) }).count > 1 {
      observe(
        .duplicateField, "expected one \(key) for the data of tensor \(name), found several", tensor.offset)
    }
    for entry in entries where entry.key.elementsEqual("basepath".utf8) {
      if let fault = ReferencedPath.fault(entry.value) {
        observe(
          .externalPath,
          "expected a relative path, found \(fault) for the data of tensor \(name):"
            + " \(entry.value.quoted(200))", entry.offset)
      }
    }
    let locations = entries.filter { $0.key.elementsEqual("location".utf8) }
    if locations.isEmpty {
      observe(
        .externalPath, "expected the file with the data of tensor \(name), found none named", tensor.offset)
    }
    for location in locations {
      if let fault = ReferencedPath.fault(location.value) {
        observe(
          .externalPath,
          "expected a relative path, found \(fault) for the data of tensor \(name):"
            + " \(location.value.quoted(200))", location.offset)
        continue
      }
      guard let start = number("offset"), let length = number("length") else {
        observe(
          .tensorSize, "expected numbers for the offset and length of tensor \(name), found something else",
          location.offset)
        continue
      }
      if tensor.isExternal, let length, let needed, length != UInt64(needed) {
        observe(
          .tensorSize, "expected \(needed) bytes for tensor \(name), found a length of \(length)",
          location.offset)
      }
      guard reading.externalData.count < Self.externalLimit else { continue }
      reading.externalData.append(
        ONNXExternalData(
          tensor: name, location: location.value, start: start ?? 0,
          count: length ?? UInt64(max(0, needed ?? 0)), offset: location.offset))
    }
  }

  /// Reads a sparse tensor, each of whose indices must lie within its shape; its name.
  mutating func readSparseTensor(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(MalformedBytes)
    -> ArraySlice<UInt8>
  {
    var values: ONNXTensor?
    var places: (tensor: ONNXTensor, bytes: ArraySlice<UInt8>)?
    var shape: [Int64] = []
    var once = OnceOnly("a sparse tensor", [1, 2])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      switch (field.number, field.bytes) {
      case (1, let part?): values = try readTensor(part, at: field.offset)
      case (2, let part?): places = (try readTensor(part, at: field.offset), part)
      case (3, _):
        var sizes: [Int64] = []
        try field.forEachInteger { if sizes.count < Self.rankLimit { sizes.append($0) } }
        shape += sizes.prefix(max(0, Self.rankLimit - shape.count))
      default: break
      }
    }
    let name = values?.name ?? bytes.prefix(0)
    var dense = ONNXTensor(name: name, offset: offset)
    dense.dimensions = shape
    guard let size = dense.elementCount, size <= Self.absurdByteCount else {
      let text = shape.map(String.init).joined(separator: ", ")
      observe(
        .shape, "expected a shape that fits in memory, found [\(text)] for sparse tensor \(name.quoted())",
        offset)
      return name
    }
    guard let values, let places else { return name }
    let count = values.elementCount ?? 0
    // Either one index into the flattened tensor for each value, or one for each dimension.
    let isFlat = places.tensor.dimensions == [Int64(count)]
    guard isFlat || places.tensor.dimensions == [Int64(count), Int64(shape.count)] else {
      observe(
        .lengths,
        "expected an index for each of \(count) values of sparse tensor \(name.quoted()), found shape"
          + " [\(places.tensor.dimensions.map(String.init).joined(separator: ", "))]", offset)
      return name
    }
    let limits = isFlat ? [Int64(size)] : shape
    var position = 0
    var wrong: Int64?
    func look(_ index: Int64) {
      let limit = limits[position % limits.count]
      if wrong == nil, index < 0 || index >= limit { wrong = index }
      position += 1
    }
    if !limits.isEmpty {
      if let raw = places.tensor.raw, raw.count.isMultiple(of: 8) {
        raw.forEachWord(UInt64.self) { look(Int64(bitPattern: $0)) }
      } else {
        var parts = ProtobufReader(places.bytes, origin: origin)
        while let part = try parts.next() { if part.number == 7 { try part.forEachInteger(look) } }
      }
    }
    if let wrong {
      observe(
        .lengths,
        "expected indices within sparse tensor \(name.quoted()) of \(size) elements, found \(wrong)", offset)
    }
    return name
  }
}
