@testable import Inference
import TestKit
import Testing

#if canImport(Glibc)
  import func Glibc.exp
  import func Glibc.tanh
#elseif canImport(Musl)
  import func Musl.exp
  import func Musl.tanh
#else
  import func Darwin.exp
  import func Darwin.tanh
#endif

/// The functions of the C kernels beside those of the C library.
@Suite struct VectorFunctionTests {
  /// Numbers of every size, the edges among them.
  private static let numbers: [Double] = {
    var random = SeededGenerator(seed: 1)
    let edges = [
      0, -0.0, .infinity, -.infinity, .nan, 709.7, 709.79, 710, -708.5, -745, -746, 1e308, -1e308,
      .leastNonzeroMagnitude, 20, -20, 19.9, 1e-300,
    ]
    return edges
      + [1e-9, 1e-3, 1, 20, 750].flatMap { scale in
        (0..<301).map { _ in Double.random(in: -scale...scale, using: &random) }
      }
  }()

  @Test func `exponentials are within a unit in the last place or so`() {
    expect(within: 2, { exp($0) }) { $0.exponentiate($1) }
  }

  @Test func `hyperbolic tangents are within a few units in the last place`() {
    expect(within: 4, { tanh($0) }) { $0.takeHyperbolicTangent($1) }
  }

  @Test func `logistic functions are within a few units in the last place`() {
    // Far below, where the exponential overflows, the library's own definition gives 0.
    expect(within: 4, { 1 / (1 + exp(-$0)) }) { $0.takeLogistic($1) }
  }

  @Test func `what is below zero becomes zero, and NaN and minus zero stay`() {
    expect(within: 0, { $0 < 0 ? 0 : $0 }) { $0.rectify($1) }
  }

  @Test func `the first number that is not finite is found at any place`() {
    for level in VectorLevel.upToHere {
      for place in [0, 1, 255, 256, 999] {
        var numbers = [Double](repeating: 1e308, count: 1000)
        numbers[place] = .nan
        #expect(numbers.firstNotFinite(allowingNaN: false, level) == place)
        #expect(numbers.firstNotFinite(allowingNaN: true, level) == nil)
        numbers[999] = -.infinity
        #expect(numbers.firstNotFinite(allowingNaN: true, level) == 999)
      }
      #expect([Double]().firstNotFinite(allowingNaN: false, level) == nil)
      #expect([1e300, 0.1, .nan].roundedToSingles(level).prefix(2) == [.infinity, Double(Float(0.1))])
    }
  }

  private func expect(
    within units: Double, _ exact: (Double) -> Double, _ apply: (inout [Double], VectorLevel) -> Void
  ) {
    for level in VectorLevel.upToHere {
      var found = Self.numbers
      apply(&found, level)
      for (x, y) in zip(Self.numbers, found) {
        let wanted = exact(x)
        let isNear =
          wanted.isNaN
          ? y.isNaN : y == wanted ? y.sign == wanted.sign : abs(y - wanted) <= units * wanted.ulp
        #expect(isNear, "level \(level): \(x) gives \(y), not \(wanted)")
      }
    }
  }
}
