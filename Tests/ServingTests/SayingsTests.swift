import ModelGraph
import Testing

@testable import Serving

/// What two versions say of a row, and whether that is the same.
struct SayingsTests {
  private static func signature(_ labels: [Tensor.Elements] = []) -> ModelSignature {
    ModelSignature(
      features: FeatureList(count: 2), outputs: [.init(.predict, .float64, shape: [-1])],
      classes: labels.map { Tensor(vector: $0) })
  }

  private static func agree(
    _ method: PredictionMethod, _ one: Tensor.Elements, _ another: Tensor.Elements, width: Int = 1,
    labels: ([Tensor.Elements], [Tensor.Elements]) = ([], []), tolerance: Double = 0.05
  ) throws -> Bool {
    let shape = width == 1 ? [1] : [1, width]
    let (first, second) = (
      try #require(Tensor(shape: shape, elements: one)), try #require(Tensor(shape: shape, elements: another))
    )
    return Sayings(signature(labels.0), method, [first], of: 1).agree(
      with: Sayings(signature(labels.1), method, [second], of: 1), at: 0, within: tolerance)
  }

  @Test func `numbers agree within the tolerance, and what is missing agrees with what is missing`() throws {
    #expect(try Self.agree(.predict, .float64([100]), .float64([104])))
    #expect(try !Self.agree(.predict, .float64([100]), .float64([106])))
    #expect(try Self.agree(.predict, .float64([0]), .float64([0])))
    #expect(try !Self.agree(.predict, .float64([0]), .float64([0.001])))
    #expect(try Self.agree(.predict, .float64([.nan]), .float64([.nan])))
    #expect(try Self.agree(.predict, .float64([100]), .float32([100])))
  }

  @Test func `labels agree only where they are the same`() throws {
    let labels: ([Tensor.Elements], [Tensor.Elements]) = ([.int64([100, 101])], [.int64([100, 101])])
    #expect(try !Self.agree(.predict, .int64([100]), .int64([101]), labels: labels))
    #expect(try Self.agree(.predict, .int64([101]), .float64([101]), labels: labels))
    #expect(try !Self.agree(.predict, .string(["a"]), .string(["b"])))
  }

  @Test func `of probabilities the class counts that they speak for, whatever its place`() throws {
    let labels: ([Tensor.Elements], [Tensor.Elements]) = (
      [.string(["a", "b"])], [.string(["b", "a"])]
    )
    #expect(
      try Self.agree(
        .predictProbabilities, .float64([0.9, 0.1]), .float64([0.4, 0.6]), width: 2, labels: labels))
    #expect(
      try !Self.agree(
        .predictProbabilities, .float64([0.9, 0.1]), .float64([0.6, 0.4]), width: 2, labels: labels))
  }

  @Test func `of distances the side of the border counts`() throws {
    let labels: ([Tensor.Elements], [Tensor.Elements]) = ([.int64([0, 1])], [.int64([0, 1])])
    #expect(try Self.agree(.decisionFunction, .float64([0.1]), .float64([7]), labels: labels))
    #expect(try !Self.agree(.decisionFunction, .float64([0.1]), .float64([-0.1]), labels: labels))
  }

  @Test func `answers of different widths do not agree`() throws {
    let one = try #require(Tensor(shape: [1, 2], elements: .float64([1, 2])))
    let another = try #require(Tensor(shape: [1, 3], elements: .float64([1, 2, 3])))
    #expect(
      !Sayings(Self.signature(), .transform, [one], of: 1).agree(
        with: Sayings(Self.signature(), .transform, [another], of: 1), at: 0, within: 1))
  }
}
