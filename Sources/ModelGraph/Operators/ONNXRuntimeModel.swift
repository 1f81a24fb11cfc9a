public import Domain

/// A whole model of ONNX that ONNX Runtime runs, where its operators or its size are beyond those of this graph.
///
/// The bytes are the model's file, complete in itself. What its inputs and outputs are is declared beside them:
/// numbers and texts of a row go to the inputs in the order of the features, each of the numbers as the datatype
/// that its input has. What it gives are parts (`Part`), one for each declared output.
public struct ONNXRuntimeModel: Operator {
  /// The name of the kind.
  public static let kind = "onnxruntime_model"

  /// The most bytes that a model may have.
  public static let byteLimit = 1 << 30 - 1 << 24
  /// The most axes that an input or output may have.
  public static let axisLimit = 8

  /// The model's file.
  public var bytes: [UInt8]
  /// Its inputs: the axes of each, the first of which is the rows' and −1.
  public var inputs: [ModelSignature.Port]
  /// Those of its outputs that are asked for.
  public var outputs: [ModelSignature.Port]
  /// Whether the model was made for one row at a time, the first axis of its inputs and outputs being 1.
  public var takesOneRow: Bool

  /// Puts a model and what is declared of it together.
  public init(
    bytes: [UInt8], inputs: [ModelSignature.Port], outputs: [ModelSignature.Port], takesOneRow: Bool
  ) {
    self.bytes = bytes
    self.inputs = inputs
    self.outputs = outputs
    self.takesOneRow = takesOneRow
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    let count = try reader.integer("byte_count")
    let words = try reader.integers("model")
    let (rest, isWhole) = count.quotientAndRemainder(dividingBy: 8)
    guard count >= 0, words.count == rest + (isWhole == 0 ? 0 : 1) else {
      throw reader.malformed("byte_count", "eight for each of \(words.count) words, the last perhaps less")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.count * 8)
    for word in words {
      unsafe withUnsafeBytes(of: word.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }
    // What fills the last word up is zero, so that one model has one form.
    guard bytes[count...].allSatisfy({ $0 == 0 }) else {
      throw reader.malformed("model", "bytes with nothing but zeros behind them")
    }
    bytes.removeLast(bytes.count - count)
    self.init(
      bytes: bytes, inputs: try Self.readPorts("inputs", &reader),
      outputs: try Self.readPorts("outputs", &reader), takesOneRow: try reader.bool("takes_one_row"))
  }

  private static func readPorts(
    _ name: String, _ reader: inout AttributeReader
  ) throws(Problem) -> [ModelSignature.Port] {
    let names = try reader.texts("\(name)_names")
    let datatypes = try reader.texts("\(name)_datatypes")
    let ranks = try reader.integers("\(name)_ranks")
    let axes = try reader.integers("\(name)_axes")
    guard names.count == datatypes.count, names.count == ranks.count else {
      throw reader.malformed("\(name)_ranks", "as many as there are names and datatypes")
    }
    var ports: [ModelSignature.Port] = []
    var start = 0
    for index in names.indices {
      guard let datatype = Datatype(rawValue: datatypes[index]), let rank = Int(exactly: ranks[index]),
        1...axisLimit ~= rank, rank <= axes.count - start
      else { throw reader.malformed("\(name)_datatypes", "datatypes, with a list of axes for each port") }
      let shape = axes[start..<(start + rank)].map { Int($0) }
      ports.append(ModelSignature.Port(name: names[index], datatype: datatype, shape: shape))
      start += rank
    }
    guard start == axes.count else { throw reader.malformed("\(name)_axes", "as many as the ranks say") }
    return ports
  }

  /// Writes every attribute down: the bytes eight to a word, least significant first, so that in the file of the
  /// weights they stand as they are.
  public func write(to writer: inout AttributeWriter) {
    writer.write(bytes.count, "byte_count")
    let words = stride(from: 0, to: bytes.count, by: 8).map { start in
      bytes[start..<min(start + 8, bytes.count)].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }
    // Of a short last word the missing bytes are the most significant.
    writer.write(words, "model")
    writer.write(takesOneRow, "takes_one_row")
    for (name, ports) in [("inputs", inputs), ("outputs", outputs)] {
      writer.write(ports.map(\.name), "\(name)_names")
      writer.write(ports.map(\.datatype.rawValue), "\(name)_datatypes")
      writer.write(ports.map { Int64($0.shape.count) }, "\(name)_ranks")
      writer.write(ports.flatMap { $0.shape.map { Int64($0) } }, "\(name)_axes")
    }
  }

  /// Gives a part for each output; reads the numbers, where an input takes some, and then the texts.
  ///
  /// What the bytes mean is not looked into: the engine that is given them trusts none of them.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard 1...Self.byteLimit ~= bytes.count else {
      throw operands.problem(
        "tensor-shape",
        "expected a model of 1 to \(Self.byteLimit) bytes in '\(operands.node)', found \(bytes.count)")
    }
    try checkPorts(inputs, "inputs", operands)
    try checkPorts(outputs, "outputs", operands)
    let texts = inputs.reduce(0) { $1.datatype == .string ? $0 + $1.columns : $0 }
    let numbers = inputs.reduce(0) { $1.datatype == .string ? $0 : $0 + $1.columns }
    let expected =
      (numbers > 0 ? [ValueType.numbers(numbers)] : [])
      + (texts > 0 ? [ValueType(.texts, columns: texts)] : [])
    guard operands.types == expected else {
      throw operands.problem(
        "operand",
        "expected '\(operands.node)' to read \(numbers) columns of numbers and \(texts) of texts, found"
          + " \(operands.types.map { "\($0.columns) of \($0.content)" }.joined(separator: " and "))")
    }
    let parts = outputs.map { ValueType(.labels($0.datatype), columns: $0.columns) }
    return ValueType(.parts(parts), columns: parts.reduce(0) { $0 + $1.columns })
  }

  /// Nobody knows beforehand; more than what waits for no other process.
  public func work(on operands: [ValueType]) -> Work { Work(row: 1 << 20) }

  /// Names are unique, axes known, and no sum of columns overflows.
  private func checkPorts(
    _ ports: [ModelSignature.Port], _ what: String, _ operands: Operands
  ) throws(Problem) {
    guard 1...GraphLimits.operands ~= ports.count, Set(ports.map(\.name)).count == ports.count else {
      throw operands.problem(
        "operand",
        "expected 1 to \(GraphLimits.operands) \(what) of names of their own in '\(operands.node)', found others"
      )
    }
    var columns = 0
    for port in ports {
      guard 1...GraphLimits.nameLength ~= port.name.utf8.count, !port.name.utf8.contains(0) else {
        throw operands.problem(
          "name-length", "expected \(what) with names of 1 to \(GraphLimits.nameLength) bytes, found another")
      }
      guard 1...Self.axisLimit ~= port.shape.count, port.shape[0] == -1,
        port.shape.dropFirst().allSatisfy({ $0 >= 1 }),
        let count = Tensor.elementCount(of: Array(port.shape.dropFirst())), count <= GraphLimits.columns
      else {
        throw operands.problem(
          "tensor-shape",
          "expected '\(port.name.prefix(80))' to have rows along its first axis and known lengths along up to"
            + " \(Self.axisLimit - 1) others, found \(port.shape.prefix(20))")
      }
      columns += count
      guard columns <= GraphLimits.columns else {
        throw operands.problem(
          "column-count",
          "expected at most \(GraphLimits.columns) columns of \(what) in '\(operands.node)', found more")
      }
    }
  }
}

extension ModelSignature.Port {
  /// How many elements each row has, the first axis being the rows'.
  package var columns: Int { shape.dropFirst().reduce(1, *) }
}

/// One of the values that a model with several outputs gives.
public struct Part: Operator {
  /// The name of the kind.
  public static let kind = "part"

  /// Which one.
  public var index: Int

  /// Says which one.
  public init(_ index: Int) {
    self.index = index
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.integer("index"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(index, "index")
  }

  /// Gives the value at that place.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard case .parts(let parts) = try operands.one().content, parts.indices.contains(index) else {
      throw operands.problem(
        "operand", "expected '\(operands.node)' to read a value with a part \(index), found none")
    }
    return parts[index]
  }
}

extension ValidatedGraph {
  /// Whether the graph holds a model that ONNX Runtime runs.
  public var needsONNXRuntime: Bool { steps.contains { $0.operation is ONNXRuntimeModel } }
}
