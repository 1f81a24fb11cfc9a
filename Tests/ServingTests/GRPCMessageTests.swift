import Domain
import Encoding
import Testing

@testable import Serving

/// Requests and answers as messages, without a wire.
struct GRPCMessageTests {
  private func predict(_ message: InferMessage) throws -> Answer {
    let model = message.model == "sign" ? try TestModels.sign() : try TestModels.line()
    let request: InferRequest
    let prediction: Prediction
    do throws(Problem) {
      request = try InferRequest(protobuf: message.bytes[...])
      prediction = try Prediction(request, with: model)
    } catch {
      return Answer(error)
    }
    return prediction.run(answerLimit: 1 << 20)
  }

  private func answer(_ message: InferMessage) throws -> InferAnswer {
    let answer = try predict(message)
    try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
    return try InferAnswer(answer.body)
  }

  private func problem(_ input: InferMessage.Input, raw: [[UInt8]] = []) throws -> JSON {
    let answer = try predict(InferMessage(inputs: [input], raw: raw))
    #expect(answer.status == 400)
    return try JSON(parsing: answer.body)
  }

  @Test func `typed contents are answered with typed contents`() throws {
    var message = InferMessage.row([-1], model: "sign")
    message.id = "q7"
    let answer = try answer(message)
    #expect(answer.model == "sign")
    #expect(answer.version == "1")
    #expect(answer.id == "q7")
    #expect(answer.outputs.map(\.name) == ["predict", "predict_proba", "decision_function"])
    #expect(answer.outputs.map(\.datatype) == ["BYTES", "FP64", "FP64"])
    #expect(answer.outputs.map(\.shape) == [[1], [1, 2], [1]])
    #expect(answer.outputs[0].texts == ["low"])
    #expect(answer.outputs[2].doubles == [-1])
    #expect(answer.raw.isEmpty)
  }

  @Test func `raw contents are answered with raw contents, a text behind its length`() throws {
    let answer = try answer(.rawRow([-1], model: "sign"))
    #expect(answer.outputs.allSatisfy { $0.doubles.isEmpty && $0.texts.isEmpty })
    #expect(answer.raw.count == 3)
    #expect(answer.raw[0] == [3, 0, 0, 0] + Array("low".utf8))
    #expect(answer.raw[2] == (-1.0).bitPattern.littleEndianBytes)
  }

  @Test func `only the outputs that were named are answered, in their order`() throws {
    var message = InferMessage.row([1], model: "sign")
    message.outputs = ["decision_function", "predict"]
    #expect(try answer(message).outputs.map(\.name) == ["decision_function", "predict"])
  }

  @Test(arguments: NumericDatatype.allCases)
  func `every datatype is taken raw, and typed where the protocol has it typed`(datatype: NumericDatatype)
    throws
  {
    let width = datatype.byteCount
    let one: [UInt8] =
      switch datatype {
      case .fp16: Float16(1).bitPattern.littleEndianBytes
      case .bf16: [0x80, 0x3F]
      case .fp32: Float(1).bitPattern.littleEndianBytes
      case .fp64: (1.0).bitPattern.littleEndianBytes
      default: [1] + [UInt8](repeating: 0, count: width - 1)
      }
    let zero = [UInt8](repeating: 0, count: width)
    var message = InferMessage(
      inputs: [.init(datatype: datatype.rawValue, shape: [1, 2])], raw: [one + zero])
    #expect(try answer(message).raw == [(1.0).bitPattern.littleEndianBytes])

    message.raw = []
    let place = InferContents(.number(datatype))
    message.inputs[0].contents = { writer in
      switch place {
      case .singles?, .doubles?: writer.field(place?.rawValue ?? 0, one + zero)
      default: writer.packed(place?.rawValue ?? InferContents.singles.rawValue, [1, 0])
      }
    }
    if place == nil {
      #expect(try predict(message).status == 400)
    } else {
      #expect(try answer(message).outputs[0].doubles == [1])
    }
  }

  @Test func `numbers may stand one to a field, and contents may come in several parts`() throws {
    var bytes = InferMessage(inputs: []).bytes
    var writer = ProtobufWriter()
    writer.message(5) { writer in
      writer.message(5) { $0.integer(3, 5) }
      // The datatype and the shape behind the elements, the shape's lengths one to a field.
      writer.text(2, "INT64")
      writer.integer(3, 1)
      writer.integer(3, 2)
      writer.text(1, "input")
      writer.message(5) { $0.integer(3, -3) }
      writer.text(99, "of a later schema")
    }
    bytes += writer.bytes
    let request = try InferRequest(protobuf: bytes[...])
    #expect(request.tensors.first?.shape == [1, 2])
    guard case .numbers([5, -3])? = request.tensors.first?.elements else {
      Issue.record("\(request)")
      return
    }
  }

  @Test(arguments: [
    ("UINT8", [256, 0]), ("UINT8", [-1, 0]), ("INT8", [-129, 0]), ("INT8", [128, 0]), ("INT16", [32768, 0]),
    ("INT32", [2_147_483_648, 0]), ("UINT32", [4_294_967_296, 0]), ("INT64", [9_007_199_254_740_993, 0]),
    ("UINT64", [-1, 0]),
  ])
  func `an element outside its datatype is refused, and its place is told`(
    datatype: String, elements: [Int64]
  ) throws {
    let place = try #require(NumericDatatype(rawValue: datatype).flatMap { InferContents(.number($0)) })
    let input = InferMessage.Input(datatype: datatype, shape: [1, 2]) { $0.packed(place.rawValue, elements) }
    let problem = try problem(input)
    #expect(problem["code"] == "infer.element")
    #expect(problem["position"]?.string == "/inputs/0/contents/\(place.name)/0")
  }

  @Test func `elements in the member of another datatype are refused`() throws {
    let problem = try problem(.init(datatype: "FP64", shape: [1, 2]) { $0.packed(3, [1, 2]) })
    #expect(
      problem["error"]?.string == "expected elements of FP64 in 'fp64_contents', found 'int64_contents'")
  }

  @Test func `raw and typed contents exclude each other`() throws {
    let both = InferMessage.Input(shape: [1, 2]) { $0.field(7, [UInt8](repeating: 0, count: 16)) }
    let problem = try problem(both, raw: [[UInt8](repeating: 0, count: 16)])
    #expect(
      problem["error"]?.string == "expected elements in 'raw_input_contents' or in 'contents', found both")
  }

  @Test func `raw contents are as many as the inputs, and as long as the shape says`() throws {
    let input = InferMessage.Input(shape: [1, 2])
    #expect(try problem(input, raw: [[], []])["position"] == "/raw_input_contents")
    #expect(try problem(input, raw: [[1, 2, 3]])["position"] == "/raw_input_contents/0")
    #expect(try problem(input)["code"] == "infer.malformed")
  }

  @Test(arguments: [
    InferMessage.Input(shape: [1, 3]) { $0.field(7, [UInt8](repeating: 0, count: 16)) },
    InferMessage.Input(shape: [1, 1]) { $0.field(7, [UInt8](repeating: 0, count: 16)) },
    InferMessage.Input(shape: [-1, -2]) { $0.field(7, [UInt8](repeating: 0, count: 16)) },
    InferMessage.Input(shape: [1 << 62, 4]) { $0.field(7, [UInt8](repeating: 0, count: 16)) },
    InferMessage.Input(shape: [1, 1, 1, 1, 1, 1, 1, 1, 2]) { $0.field(7, [UInt8](repeating: 0, count: 16)) },
    InferMessage.Input(shape: [1, 2]) { $0.field(7, [UInt8](repeating: 0, count: 15)) },
    InferMessage.Input(shape: [1, 2]) { $0.integer(7, 1) },
    InferMessage.Input(datatype: "FP65", shape: [1, 2]),
    InferMessage.Input(datatype: "FP16", shape: [1, 2]) { $0.packed(6, [1, 2]) },
    InferMessage.Input(datatype: "BYTES", shape: [1, 2]) { $0.text(8, "a") },
    InferMessage.Input(datatype: "BYTES", shape: [1, 1]) { $0.field(8, [0xFF] as [UInt8]) },
  ])
  func `an input that is not the protocol's is refused`(input: InferMessage.Input) throws {
    #expect(try problem(input)["error"]?.string?.hasPrefix("expected") == true)
  }

  @Test func `parameters that would change the meaning are refused, others are left alone`() throws {
    func request(_ name: String) -> [UInt8] {
      var writer = ProtobufWriter()
      writer.message(4) { entry in
        entry.text(1, name)
        entry.message(2) { $0.integer(2, 1) }
      }
      return InferMessage.row([1, 2]).bytes + writer.bytes
    }
    #expect(throws: Never.self) { try InferRequest(protobuf: request("priority")[...]) }
    #expect(throws: Problem.self) { try InferRequest(protobuf: request("shared_memory_region")[...]) }
  }

  @Test func `a model that is named again behind other fields is refused`() throws {
    let bytes = InferMessage.row([1, 2]).bytes + InferMessage(model: "sign").bytes
    #expect(throws: Problem.self) { try InferRequest(protobuf: bytes[...]) }
    #expect(throws: Problem.self) {
      try ModelQuery(leading: (InferMessage().bytes + InferMessage().bytes)[...])
    }
    #expect(try ModelQuery(leading: bytes[...]).name == "line")
  }

  @Test func `a request that is cut off anywhere is refused, and never read beyond its end`() throws {
    var message = InferMessage.row([1, 2])
    message.id = "id"
    message.outputs = ["predict"]
    let bytes = message.bytes
    for count in bytes.indices {
      do throws(Problem) {
        let request = try InferRequest(protobuf: bytes.prefix(count))
        // What is whole without the rest lacks inputs or names no outputs.
        #expect(request.tensors.count + request.outputs.count < 2)
      } catch {
        #expect(error.category == .badInput)
      }
    }
  }

  @Test func `a request with any byte changed is read or refused as a caller's mistake`() throws {
    let bytes = InferMessage.row([1, 2]).bytes
    for place in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[place] ^= 1 << bit
        do throws(Problem) { _ = try InferRequest(protobuf: changed[...]) } catch {
          #expect(error.category == .badInput, "\(place) \(bit)")
        }
      }
    }
  }

  @Test func `what REST says in JSON is written as the message of the same names`() throws {
    let json: JSON = [
      "name": "iris", "versions": ["3"], "platform": "scikit-learn",
      "inputs": [["name": "input", "datatype": "FP64", "shape": [-1, 4]]], "outputs": [], "unknown": true,
    ]
    let message = MessageShape.modelMetadata.message(of: json)
    let found = try fields(of: message[...])
    #expect(found.keys.sorted() == [1, 2, 3, 4])
    let input = try fields(of: found[4])
    #expect(input[1].map { String(decoding: $0, as: UTF8.self) } == "input")
    #expect(input[3].map(Array.init) == [UInt8](repeating: 0xFF, count: 9) + [1, 4])
  }
}
