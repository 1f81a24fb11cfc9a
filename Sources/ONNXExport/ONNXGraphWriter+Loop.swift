import Encoding
import Domain

/// What is done over and over: a graph within the graph.
struct ONNXBody {
  /// The message of the graph (`GraphProto`).
  let bytes: [UInt8]
}

extension ONNXGraphWriter {
  /// Repeats a computation at most `count` times and gives what the last one left (`Loop`).
  ///
  /// The body gets the number of the turn and the state, and gives whether there is another turn, nil for yes, and
  /// the state after it. It may use any value from outside.
  mutating func loop(
    count: Int, _ start: [(value: String, type: ONNXType)],
    _ body: (inout ONNXGraphWriter, String, [String]) throws(Problem) -> (continues: String?, state: [String])
  ) throws(Problem) -> [String] {
    let (turn, condition) = (unique("i"), unique("b"))
    let state = start.map { _ in unique("s") }
    let (continues, results) = (unique("b"), start.map { _ in unique("s") })
    let outer = swapNodes(for: ProtobufWriter())
    let after = try body(&self, turn, state)
    add("Identity", [after.continues ?? condition], [continues])
    for (value, result) in zip(after.state, results) { add("Identity", [value], [result]) }
    let inner = swapNodes(for: outer)
    var message = ProtobufWriter()
    message.text(2, "turn")
    ONNXWriter.port(turn, .int64, [], to: &message, field: 11)
    ONNXWriter.port(condition, .bool, [], to: &message, field: 11)
    for (name, value) in zip(state, start) { ONNXWriter.port(name, value.type, nil, to: &message, field: 11) }
    ONNXWriter.port(continues, .bool, [], to: &message, field: 12)
    for (name, value) in zip(results, start) {
      ONNXWriter.port(name, value.type, nil, to: &message, field: 12)
    }
    let limit = constant(ONNXConstant(.integers([Int64(count)]), shape: []))
    let yes = constant(ONNXConstant(.booleans([true]), shape: []))
    let outputs = start.map { _ in unique("t") }
    add(
      "Loop", [limit, yes] + start.map(\.value), outputs,
      [("body", .graph(ONNXBody(bytes: inner.bytes + message.bytes)))])
    return outputs
  }
}
