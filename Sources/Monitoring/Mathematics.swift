#if canImport(Glibc)
  import func Glibc.exp
  import func Glibc.log
  import func Glibc.log1p
#elseif canImport(Musl)
  import func Musl.exp
  import func Musl.log
  import func Musl.log1p
#elseif canImport(Darwin)
  import func Darwin.exp
  import func Darwin.log
  import func Darwin.log1p
#endif

// One place for what comes of the C library, which has it under one name on each platform.

/// The logarithm to base e.
package func naturalLogarithm(_ value: Double) -> Double { log(value) }
/// The logarithm of 1 + value to base e, exact for small values too.
package func naturalLogarithm(onePlus value: Double) -> Double { log1p(value) }
/// e to a power.
package func exponential(_ value: Double) -> Double { exp(value) }

/// The logarithm of the sum of the exponentials of numbers, without overflow.
package func logarithmOfSum(_ logarithms: [Double]) -> Double {
  guard let largest = logarithms.max(), largest.isFinite else { return logarithms.max() ?? -.infinity }
  var sum = 0.0
  for logarithm in logarithms { sum += exponential(logarithm - largest) }
  return largest + naturalLogarithm(sum)
}

/// The logarithm of the gamma function of a positive number: Stirling's series from 12 on, below by Γ(x + 1) = x Γ(x).
///
/// The C library's writes a global variable, which threads would race for.
package func logarithmOfGamma(_ value: Double) -> Double {
  guard value > 0 else { return .infinity }
  var (shifted, product) = (value, 1.0)
  while shifted < 12 {
    product *= shifted
    shifted += 1
  }
  let inverse = 1 / shifted
  let square = inverse * inverse
  // B(2k) / (2k (2k − 1)): after eight of them the rest is less than 1e-17 at 12.
  let series =
    inverse
    * (1.0 / 12 + square
      * (-1.0 / 360 + square
        * (1.0 / 1260 + square
          * (-1.0 / 1680 + square
            * (1.0 / 1188 + square * (-691.0 / 360360 + square * (1.0 / 156 - square * 3617.0 / 122400)))))))
  let stirling = (shifted - 0.5) * naturalLogarithm(shifted) - shifted + 0.918_938_533_204_672_74 + series
  return product == 1 ? stirling : stirling - naturalLogarithm(product)
}
