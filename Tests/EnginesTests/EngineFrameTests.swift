import Domain
import ModelGraph
import TestKit
import Testing

@testable import Engines

/// What passes between a program that predicts and its engine.
struct EngineFrameTests {
  private static let ports: [ModelSignature.Port] = [
    .init(name: "a", datatype: .bool, shape: [-1, 3]), .init(name: "b", datatype: .int32, shape: [-1]),
    .init(name: "c", datatype: .int64, shape: [-1, 2, 2]),
    .init(name: "d", datatype: .float32, shape: [-1, 5]),
    .init(name: "e", datatype: .float64, shape: [-1, 1]),
    .init(name: "f", datatype: .string, shape: [-1, 2]),
  ]

  /// Tensors of every datatype.
  private static func tensors(rows: Int, using random: inout SeededGenerator) -> [Tensor] {
    ports.compactMap { port in
      let shape = [rows] + port.shape.dropFirst()
      let count = shape.reduce(1, *)
      let elements: Tensor.Elements =
        switch port.datatype {
        case .bool: .bool((0..<count).map { _ in Bool.random(using: &random) })
        case .int32: .int32((0..<count).map { _ in Int32.random(in: .min ... .max, using: &random) })
        case .int64: .int64((0..<count).map { _ in Int64.random(in: .min ... .max, using: &random) })
        case .float32: .float32((0..<count).map { _ in Float.random(in: -1...1, using: &random) })
        case .float64: .float64((0..<count).map { _ in Double.random(in: -1...1, using: &random) })
        case .string: .string((0..<count).map { _ in ["", "ä", "🜂x"].randomElement(using: &random) ?? "" })
        }
      return Tensor(shape: shape, elements: elements)
    }
  }

  /// What an engine would send for the tensors.
  private static func answer(_ tensors: [Tensor]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8)
    bytes[0] = UInt8(tensors.count)
    for tensor in tensors { bytes.append(tensor) }
    return bytes
  }

  @Test func `tensors of every datatype come back as they went`() {
    var random = SeededGenerator(seed: 1)
    for rows in [1, 2, 17] {
      let tensors = Self.tensors(rows: rows, using: &random)
      #expect(FrameBytes.tensors(of: Self.answer(tensors), like: Self.ports) == tensors)
    }
  }

  @Test func `an answer that is cut off anywhere, or goes on, is none`() {
    var random = SeededGenerator(seed: 2)
    let whole = Self.answer(Self.tensors(rows: 2, using: &random))
    for count in 0..<whole.count {
      #expect(FrameBytes.tensors(of: Array(whole[..<count]), like: Self.ports) == nil)
    }
    #expect(FrameBytes.tensors(of: whole + [0], like: Self.ports) == nil)
  }

  @Test func `an answer with any byte changed is tensors of the declared datatypes or none`() {
    var random = SeededGenerator(seed: 3)
    let whole = Self.answer(Self.tensors(rows: 2, using: &random))
    for place in whole.indices {
      var bytes = whole
      bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      guard let tensors = FrameBytes.tensors(of: bytes, like: Self.ports) else { continue }
      #expect(tensors.map(\.elements.datatype) == Self.ports.map(\.datatype))
    }
  }

  @Test func `axes whose product overflows are no tensor`() {
    var bytes = [UInt8](repeating: 0, count: 8)
    bytes[0] = 1
    bytes += [5, 2, 0, 0, 0, 0, 0, 0]
    bytes += [UInt8](repeating: 0xFF, count: 7) + [0x7F] + [2, 0, 0, 0, 0, 0, 0, 0]
    let port = ModelSignature.Port(name: "y", datatype: .float64, shape: [-1, 2])
    #expect(FrameBytes.tensors(of: bytes, like: [port]) == nil)
  }

  @Test func `a head says its kind, its number and a length within bounds`() {
    let frame = EngineFrame(kind: .answer, sequence: 7, payload: [1, 2, 3])
    let parsed = EngineFrame.parse(head: frame.head)
    #expect(parsed?.kind == .answer && parsed?.sequence == 7 && parsed?.count == 3)
    var long = frame.head
    long[19] = 0x41
    #expect(EngineFrame.parse(head: long) == nil)
    var foreign = frame.head
    foreign[0] ^= 1
    #expect(EngineFrame.parse(head: foreign) == nil)
    var failure = EngineFrame(kind: .failure, sequence: 0, payload: []).head
    failure[17] = 0x11
    #expect(EngineFrame.parse(head: failure) == nil)
  }

  @Test func `a process that died is started again at once, then ever later, and at once after an answer`() {
    var delay = RestartDelay()
    delay.died(at: 1000)
    #expect(delay.remaining(at: 1000) == 0)
    delay.died(at: 1000)
    #expect(delay.remaining(at: 1000) == 100)
    delay.died(at: 2000)
    #expect(delay.remaining(at: 2050) == 150)
    for _ in 0..<100 { delay.died(at: 3000) }
    #expect(delay.remaining(at: 3000) == RestartDelay.longest)
    delay.answered()
    #expect(delay.remaining(at: 3000) == 0)
  }
}
