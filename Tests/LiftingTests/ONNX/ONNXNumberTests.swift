import Artifacts
import Domain
import Encoding
import Inference
import Lifting
import ModelGraph
import Testing

/// Models of ONNX whose numbers would not be those of the library: refused, or told.
@Suite struct ONNXNumberTests {
  /// CumSum of three INT64.
  @Test func `sums of whole numbers are refused from 2^53 on, where a double has others`() throws {
    let bytes = try #require(
      Hexadecimal.decode(
        "08083a580a110a01780a0161120179220643756d53756d120663735f696e742a0f10074201614a0801000000000000005a14"
          + "0a0178120f0a0d080712090a0312014e0a02080362140a0179120f0a0d080712090a0312014e0a02080342040a001011"
      ))
    let plan = ExecutionPlan(try Lifter.lift(.onnx(bytes[...])).graph)
    func sums(_ values: [Double]) throws(Problem) -> Tensor.Elements? {
      let rows = Rows(values: values, rowCount: 1, featureCount: 3)
      return try plan.run(plan.signature.methods, on: rows).values.first?.first?.elements
    }
    #expect(try sums([0x1p52, 0x1p52 - 2, 1]) == .int64([1 << 52, 1 << 53 - 2, 1 << 53 - 1]))
    let beyond = #expect(throws: Problem.self) { try sums([0x1p53 - 1, 1, 1]) }
    #expect(
      beyond?.message == "expected whole numbers below 2^53 for CumSum, found another in row 0, column 1")
    let stranger = #expect(throws: Problem.self) { try sums([1, 4.611686018427388e18, 1]) }
    #expect(
      stranger?.message
        == "expected whole numbers below 2^53 for the input 'x', found another in row 0, column 1")
  }

  /// RandomNormalLike of the rows, added to them.
  @Test func `a model that draws random numbers is refused by the operator, for whatever engine`() throws {
    let bytes = try #require(
      Hexadecimal.decode(
        "08083a5c0a180a0178120172221052616e646f6d4e6f726d616c4c696b650a0e0a01780a01721201792203416464120472616e64"
          + "5a140a0178120f0a0d080112090a0312014e0a02080462140a0179120f0a0d080112090a0312014e0a02080442040a001011"
      ))
    let problem = #expect(throws: Problem.self) { try Lifter.lift(.onnx(bytes[...]), engine: .onnxRuntime) }
    #expect(problem?.code == "lift.random-operator")
    #expect(
      problem?.message
        == "expected operators that answer the same for the same rows, found 'RandomNormalLike', which draws random"
        + " numbers")
    let native = #expect(throws: Problem.self) { try Lifter.lift(.onnx(bytes[...])) }
    #expect(native?.hint?.contains("onnxruntime") != true)
  }
}
