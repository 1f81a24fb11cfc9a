import Encoding

/// Reads a TensorFlow Lite file (`schema.fbs`, version 3) for indices that point at nothing and operators that
/// are not the interpreter's own.
public struct TensorFlowLiteReader {
  private static let customCode = 32
  /// The operators that run other graphs of the file, with the fields of their options that say which.
  private static let calls: [Int: [Int]] = [118: [0, 1], 119: [0, 1], 129: [0]]
  private static let maximumObservations = 50
  /// From how many elements on a shape is an attack and not a mistake.
  private static let absurdCount = 1 << 36
  /// How many bytes an element takes, by the number of its type; nothing for text, handles and packed types.
  private static let widths: [UInt8: Int] = [
    0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 8: 8, 9: 1, 10: 8, 11: 16, 12: 8, 15: 4, 16: 2, 18: 2,
  ]

  private var file: FlatBuffer
  private var reading = TensorFlowReading()
  private var codes: [(code: Int, name: ArraySlice<UInt8>)] = []
  private var bufferCount = 0
  private var graphCount = 0
  private var graphs = CallGraph()
  private var observed: [TensorFlowObservation.Kind: Int] = [:]

  private init(_ bytes: ArraySlice<UInt8>) {
    file = FlatBuffer(bytes)
  }

  /// Whether bytes bear the mark of the format.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.dropFirst(4).starts(with: "TFL3".utf8)
  }

  /// Reads a whole file.
  public static func read(_ bytes: ArraySlice<UInt8>) -> TensorFlowReading {
    var reader = TensorFlowLiteReader(bytes)
    do throws(MalformedBytes) {
      try reader.readModel()
    } catch {
      reader.reading.damage = error
    }
    if reader.file.isExhausted {
      reader.observe(
        .limit, "expected a file read in as many steps as it has bytes, found one that needs more", 0)
    }
    return reader.reading
  }

  private mutating func observe(_ kind: TensorFlowObservation.Kind, _ detail: String, _ offset: Int) {
    guard observed[kind, default: 0] < Self.maximumObservations else { return }
    observed[kind, default: 0] += 1
    reading.observations.append(TensorFlowObservation(kind: kind, detail: detail, offset: offset))
  }

  private mutating func readModel() throws(MalformedBytes) {
    let model = try file.table(from: 0)
    if let list = try file.vector(1, of: model, width: 4) {
      for index in 0..<list.count { try readCode(try file.table(from: list.start + 4 * index), index) }
    }
    var buffers: [Int] = []
    if let list = try file.vector(4, of: model, width: 4) {
      bufferCount = list.count
      for index in 0..<list.count {
        let buffer = try file.table(from: list.start + 4 * index)
        buffers.append(try file.vector(0, of: buffer, width: 1)?.count ?? 0)
      }
    }
    guard let list = try file.vector(2, of: model, width: 4) else { return }
    graphCount = list.count
    for index in 0..<min(list.count, CallGraph.functionLimit) {
      _ = graphs.function(index, named: "sub-graph \(index)")
    }
    for index in 0..<list.count {
      try readGraph(try file.table(from: list.start + 4 * index), index, buffers)
    }
    if case (.circle, let name)? = graphs.fault(limit: .max) {
      observe(.cycle, "expected graphs that run others, found \(name), which comes back to itself", 0)
    }
  }

  private mutating func readCode(_ table: FlatBuffer.Table, _ index: Int) throws(MalformedBytes) {
    let old = Int(try file.number(0, of: table, as: Int8.self) ?? 0)
    let new = Int(try file.number(3, of: table, as: Int32.self) ?? 0)
    let name = try file.text(1, of: table) ?? []
    let code = max(old, new)
    codes.append((code, name))
    guard code == Self.customCode else { return }
    // The delegate for TensorFlow's own operations takes their names after 'Flex'.
    if name.starts(with: "Flex".utf8) {
      let operation = String(decoding: name.dropFirst(4).prefix(100), as: UTF8.self)
      if let effect = TensorFlowOperators.effects[operation] {
        observe(
          effect.kind, "expected operations that compute, found \(name.quoted()), which \(effect.words)",
          table.place)
        return
      }
    }
    observe(
      .customOperator,
      "expected operators of TensorFlow Lite, found \(name.quoted()), which needs code of its own",
      table.place)
  }

  private mutating func readGraph(_ graph: FlatBuffer.Table, _ number: Int, _ buffers: [Int])
    throws(MalformedBytes)
  {
    var tensorCount = 0
    if let list = try file.vector(0, of: graph, width: 4) {
      tensorCount = list.count
      for index in 0..<list.count {
        try readTensor(try file.table(from: list.start + 4 * index), index, buffers)
      }
    }
    for (field, what) in [(1, "input"), (2, "output")] {
      try checkTensors(
        field, of: graph, what: "\(what) of sub-graph \(number)", count: tensorCount, optional: false)
    }
    guard let list = try file.vector(3, of: graph, width: 4) else { return }
    for index in 0..<list.count {
      reading.nodeCount += 1
      let node = try file.table(from: list.start + 4 * index)
      let code = Int(try file.number(0, of: node, as: UInt32.self) ?? 0)
      if !codes.indices.contains(code) {
        observe(
          .index,
          "expected an operator code from 0 to \(codes.count - 1) at operator \(index), found \(code)",
          node.place)
      } else if let fields = Self.calls[codes[code].code], let options = try file.table(4, of: node) {
        try readCalls(fields, options, from: number)
      }
      try checkTensors(1, of: node, what: "input of operator \(index)", count: tensorCount, optional: true)
      try checkTensors(2, of: node, what: "output of operator \(index)", count: tensorCount, optional: false)
    }
  }

  private mutating func readCalls(_ fields: [Int], _ options: FlatBuffer.Table, from caller: Int)
    throws(MalformedBytes)
  {
    for field in fields {
      let callee = Int(try file.number(field, of: options, as: Int32.self) ?? 0)
      guard callee >= 0, callee < graphCount else {
        observe(.index, "expected a sub-graph from 0 to \(graphCount - 1), found \(callee)", options.place)
        continue
      }
      if callee < CallGraph.functionLimit { graphs.addCall(from: caller, to: callee) }
    }
  }

  private mutating func checkTensors(
    _ field: Int, of table: FlatBuffer.Table, what: String, count: Int, optional: Bool
  ) throws(MalformedBytes) {
    guard let list = try file.vector(field, of: table, width: 4) else { return }
    for index in 0..<list.count {
      let tensor = Int(try file.number(Int32.self, at: list.start + 4 * index))
      // An input that is left out is -1.
      guard tensor < 0 || tensor >= count, !(optional && tensor == -1) else { continue }
      observe(.index, "expected a tensor from 0 to \(count - 1) as \(what), found \(tensor)", table.place)
      return
    }
  }

  private mutating func readTensor(_ tensor: FlatBuffer.Table, _ index: Int, _ buffers: [Int])
    throws(MalformedBytes)
  {
    let buffer = Int(try file.number(2, of: tensor, as: UInt32.self) ?? 0)
    guard buffers.indices.contains(buffer) || buffer == 0 else {
      observe(
        .index, "expected a buffer from 0 to \(buffers.count - 1) for tensor \(index), found \(buffer)",
        tensor.place)
      return
    }
    var product = 1
    var overflows = false
    if let shape = try file.vector(0, of: tensor, width: 4) {
      for place in 0..<shape.count {
        let size = Int(try file.number(Int32.self, at: shape.start + 4 * place))
        guard size >= 0 else {
          // Some converters write -1 for a size that is not known yet.
          if size < -1 {
            observe(
              .shape, "expected the size of a dimension, found \(size) in tensor \(index)", tensor.place)
          }
          return
        }
        let (result, overflow) = product.multipliedReportingOverflow(by: size)
        overflows = overflows || overflow
        product = overflow ? .max : result
      }
    }
    if product != 0, overflows || product > Self.absurdCount {
      observe(.shape, "expected a shape that fits in memory, found one of \(product) elements", tensor.place)
      return
    }
    let isSparse = try file.field(6, of: tensor) != nil
    guard !isSparse, buffer > 0, buffers[buffer] > 0,
      let width = Self.widths[try file.number(1, of: tensor, as: UInt8.self) ?? 0]
    else { return }
    if product * width != buffers[buffer] {
      observe(
        .tensorSize, "expected \(product * width) bytes in tensor \(index), found \(buffers[buffer])",
        tensor.place)
    }
  }
}
