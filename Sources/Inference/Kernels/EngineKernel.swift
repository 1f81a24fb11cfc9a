import Domain
import ModelGraph

extension ONNXRuntimeModel: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { EngineKernel(self, session: nil) }
}

/// Hands rows to an engine, and checks what it gives.
struct EngineKernel: Kernel {
  private let inputs: [ModelSignature.Port]
  private let outputs: [ModelSignature.Port]
  private let takesOneRow: Bool
  private let session: (any EngineSession)?

  init(_ model: ONNXRuntimeModel, session: (any EngineSession)?) {
    self.inputs = model.inputs
    self.outputs = model.outputs
    self.takesOneRow = model.takesOneRow
    self.session = session
  }

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    let operands = operands
    guard let session else { throw Problem.engineAbsent("found none") }
    let size = takesOneRow ? 1 : batch.rowCount
    return try session.run { model throws(Problem) in
      var parts: [Value] = []
      for start in stride(from: 0, to: batch.rowCount, by: size) {
        guard !batch.isCancelled() else { throw ExecutionPlan.cancelled }
        let rows = start..<(start + size)
        let values = try values(of: try model(try tensors(of: operands, rows, batch)), rows: size)
        if parts.isEmpty {
          parts = values
        } else {
          for index in parts.indices { parts[index].append(values[index]) }
        }
      }
      return .parts(parts)
    }
  }

  // MARK: - What goes in

  /// The tensors of some of the rows, one for each input.
  private func tensors(
    of operands: [Value], _ rows: Range<Int>, _ batch: Batch
  ) throws(Problem) -> [Tensor] {
    var numbers: Matrix?
    var texts: TextMatrix?
    for operand in operands {
      if case .texts(let matrix) = operand { texts = matrix } else { numbers = operand.matrix }
    }
    var (numberColumn, textColumn) = (0, 0)
    var tensors: [Tensor] = []
    for port in inputs {
      let elements: Tensor.Elements
      if port.datatype == .string, let texts {
        elements = .string(try self.texts(port, texts, rows, from: textColumn, batch))
        textColumn += port.columns
      } else if let numbers {
        elements = try self.numbers(port, numbers, rows, from: numberColumn, batch)
        numberColumn += port.columns
      } else {
        preconditionFailure("a checked graph gives what the inputs need")
      }
      guard let tensor = Tensor(shape: [rows.count] + port.shape.dropFirst(), elements: elements) else {
        preconditionFailure("rows have as many elements as their columns say")
      }
      tensors.append(tensor)
    }
    return tensors
  }

  private func texts(
    _ port: ModelSignature.Port, _ matrix: TextMatrix, _ rows: Range<Int>, from first: Int, _ batch: Batch
  ) throws(Problem) -> [String] {
    var elements: [String] = []
    elements.reserveCapacity(rows.count * port.columns)
    for row in rows {
      for column in first..<(first + port.columns) {
        // ONNX has no missing text, and the interface of its runtime no text with a zero byte.
        guard let text = matrix.elements[row * matrix.columns + column], !text.utf8.contains(0) else {
          throw refusal("predict.not-a-text", "a text without zero bytes", port, row, batch)
        }
        elements.append(text)
      }
    }
    return elements
  }

  private func numbers(
    _ port: ModelSignature.Port, _ matrix: Matrix, _ rows: Range<Int>, from first: Int, _ batch: Batch
  ) throws(Problem) -> Tensor.Elements {
    func converted<Element>(_ convert: (Double) -> Element?) throws(Problem) -> [Element] {
      var elements: [Element] = []
      elements.reserveCapacity(rows.count * port.columns)
      for row in rows {
        for column in first..<(first + port.columns) {
          let number = matrix.elements[row * matrix.columns + column]
          guard let element = convert(number) else {
            throw refusal(
              port.datatype == .bool ? "predict.not-boolean" : "predict.not-whole",
              port.datatype == .bool
                ? "0 or 1" : "a whole number below 2^\(port.datatype == .int32 ? 31 : 53)",
              port, row, batch)
          }
          elements.append(element)
        }
      }
      return elements
    }
    switch port.datatype {
    case .float32: return .float32(try converted { Float($0) })
    case .float64: return .float64(try converted { $0 })
    case .int32: return .int32(try converted { Int32(exactly: $0) })
    // A double from 2^53 on may stand for several whole numbers.
    case .int64: return .int64(try converted { abs($0) < 0x1p53 ? Int64(exactly: $0) : nil })
    case .bool: return .bool(try converted { $0 == 0 ? false : $0 == 1 ? true : nil })
    case .string: preconditionFailure("texts come from the texts of the rows")
    }
  }

  private func refusal(
    _ code: String, _ expected: String, _ port: ModelSignature.Port, _ row: Int, _ batch: Batch
  ) -> Problem {
    Problem(
      .badInput, code,
      "expected \(expected) for the input '\(port.name.prefix(80))' of \(batch.origin), found another in row"
        + " \(batch.firstRow + row)", position: "row \(batch.firstRow + row)")
  }

  // MARK: - What comes out

  /// The answers as values, where they are what was declared.
  private func values(of answers: [Tensor], rows: Int) throws(Problem) -> [Value] {
    guard answers.count == outputs.count else {
      throw Self.undeclared("\(outputs.count) outputs", "\(answers.count)")
    }
    var values: [Value] = []
    for (port, answer) in zip(outputs, answers) {
      let shape = [rows] + port.shape.dropFirst()
      guard answer.shape == shape, answer.elements.datatype == port.datatype else {
        throw Self.undeclared(
          "'\(port.name.prefix(80))' to be \(port.datatype.rawValue) of shape \(shape)",
          "\(answer.elements.datatype.rawValue) of shape \(answer.shape.prefix(20))")
      }
      values.append(.labels(answer.elements, columns: port.columns))
    }
    return values
  }

  private static func undeclared(_ expected: String, _ found: String) -> Problem {
    Problem(.refused, "engine.undeclared", "expected the model to give \(expected), found \(found)")
  }
}

extension Part: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    guard case .parts(let parts) = operands[0], parts.indices.contains(index) else {
      preconditionFailure("a checked graph gives parts here")
    }
    return parts[index]
  }
}
