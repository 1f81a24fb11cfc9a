import Domain
import Encoding
import Inference
import ModelGraph

/// Takes the input apart at the first zero byte, as `ModelGraphFiles` does, and runs the graph on two rows.
///
/// The kernels take for granted what the checks have established; here both meet. The first row is of common numbers
/// and texts, the second of those at the borders. Each answer has the datatype and the shape that the signature names.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGraphRun(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let border = bytes.firstIndex(of: 0) else { return 0 }
  let (graph, weights) = (Array(bytes[..<border]), Array(bytes[(border + 1)...]))
  guard let decoded = try? ModelGraph(decoding: graph, weights: weights),
    let validated = try? ValidatedGraph(decoded)
  else { return 0 }
  let signature = validated.signature
  let features = signature.features
  // Wide rows, and graphs of many steps, take long and show no more.
  guard features.count <= 4096 else { return 0 }
  let plan = ExecutionPlan(validated)
  let numbers = [1, 0.5, -2, 3, 0] + [.nan, .infinity, -1e300, -0.0, .leastNonzeroMagnitude]
  let texts: [String?] = ["a", "The cat sat", "x=1"] + [nil, "", "é\u{0}\u{1F600}"]
  var rowNumbers: [Double] = []
  var rowTexts: [String?] = []
  for row in 0..<2 {
    for feature in features.numbers.indices { rowNumbers.append(numbers[row * 5 + feature % 5]) }
    for feature in features.texts.indices { rowTexts.append(texts[row * 3 + feature % 3]) }
  }
  for rowCount in [1, 2] {
    let rows = Rows(
      numbers: Array(rowNumbers.prefix(rowCount * features.numbers.count)),
      texts: Array(rowTexts.prefix(rowCount * features.texts.count)), rowCount: rowCount,
      featureCount: features.count)
    for output in signature.outputs where plan.steps(of: [output.method], on: rows) <= 1 << 24 {
      guard let answer = try? plan.run([output.method], on: rows)[output.method] else { continue }
      precondition(answer.count == output.ports.count)
      for (tensor, port) in zip(answer, output.ports) {
        precondition(tensor.elements.datatype == port.datatype)
        precondition(tensor.shape == [rowCount] + port.shape.dropFirst())
        precondition(Tensor.elementCount(of: tensor.shape) == tensor.elements.count)
      }
    }
  }
  return 0
}
