/// The distribution of the one-sample Kolmogorov–Smirnov statistic, by the methods and within the bounds that SciPy's `kstwo`
/// has from Simard and L'Ecuyer ("Computing the two-sided Kolmogorov–Smirnov distribution", 2011).
enum KolmogorovDistribution {
  /// How likely the statistic of so many values is `bound` or more.
  static func survival(of bound: Double, values: Int) -> Double {
    guard values > 0 else { return .nan }
    guard bound > 0 else { return 1 }
    guard bound < 1 else { return 0 }
    let count = Double(values)
    let scaled = count * bound
    if scaled <= 0.5 { return 1 }
    if scaled <= 1 {
      // Ruben and Gambino: n! (2t − 1)^n / n^n.
      let logarithm =
        logarithmOfGamma(count + 1) - count * naturalLogarithm(count) + count
        * naturalLogarithm(2 * scaled - 1)
      return 1 - exponential(logarithm)
    }
    if scaled >= count - 1 { return 2 * exponential(count * naturalLogarithm(onePlus: -bound)) }
    if bound >= 0.5 { return 2 * oneSided(of: bound, values: values) }
    let square = scaled * bound
    if square >= 370 { return 0 }
    if square >= (values <= 140 ? 4 : 2.2) { return min(1, 2 * oneSided(of: bound, values: values)) }
    if values <= 140 || (values <= 100_000 && scaled * bound.squareRoot() <= 1.4) {
      return 1 - durbin(bound, values: values)
    }
    return 1 - pelzGood(bound, count: count)
  }

  /// How likely one side's statistic is `bound` or more (Smirnov, 1944, by Birnbaum and Tingey's sum); beyond 100,000 values by
  /// the first four terms of its expansion in powers of 1 / √n (Lauwerier, 1963), which are off by less than 1e-11 there.
  private static func oneSided(of bound: Double, values: Int) -> Double {
    let count = Double(values)
    guard values <= 100_000 else {
      let (root, z2) = (count.squareRoot(), count * bound * bound)
      let z = root * bound
      let second = 2 * z2 / 3 * (1 - 2 * z2 / 3)
      let third = 4 * z / 9 * (0.2 - 19 * z2 / 15 + 2 * z2 * z2 / 3)
      return exponential(-2 * z2) * max(0, 1 - 2 * z / 3 / root + second / count + third / (count * root))
    }
    let last = Int((count * (1 - bound)).rounded(.down))
    let whole = logarithmOfGamma(count + 1)
    var sum = 0.0
    for place in 0...last {
      let number = Double(place)
      let (up, down) = (bound + number / count, 1 - bound - number / count)
      guard down > 0 else { continue }
      let binomial = whole - logarithmOfGamma(number + 1) - logarithmOfGamma(count - number + 1)
      sum += exponential(
        binomial + (number - 1) * naturalLogarithm(up) + (count - number) * naturalLogarithm(down))
    }
    return bound * sum
  }

  /// How likely the statistic is less than `bound`, by the power of a matrix (Durbin, 1968; Marsaglia, Tsang and Wang,
  /// "Evaluating Kolmogorov's distribution", 2003).
  ///
  /// Powers are scaled by 2^128 where they become large.
  private static func durbin(_ bound: Double, values: Int) -> Double {
    let scaled = Double(values) * bound
    let k = Int(scaled.rounded(.up))
    let rest = Double(k) - scaled
    let size = 2 * k - 1
    var factorial = 1.0
    var (column, inverse) = ([Double](), [Double]())
    var power = 1.0
    for place in 1...size {
      inverse.append(factorial)
      factorial /= Double(place)
      power *= rest
      column.append((1 - power) * factorial)
    }
    var twice = 1.0
    for _ in 0..<size { twice *= max(2 * rest - 1, 0) }
    column[size - 1] = (1 + twice - 2 * power) * factorial
    var matrix = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for place in 1..<max(size, 2) where place < size && place <= row + 1 {
        matrix[row * size + place] = inverse[row - place + 1]
      }
    }
    for row in 0..<size { matrix[row * size] = column[row] }
    for place in 0..<size { matrix[(size - 1) * size + place] = column[size - 1 - place] }

    var result = [Double](repeating: 0, count: size * size)
    for place in 0..<size { result[place * size + place] = 1 }
    var (exponent, matrixExponent, left) = (0, 0, values)
    let middle = (k - 1) * size + k - 1
    while left > 0 {
      if left & 1 == 1 {
        result = product(result, matrix, size)
        exponent += matrixExponent
      }
      matrix = product(matrix, matrix, size)
      matrixExponent *= 2
      if abs(matrix[middle]) > 0x1p128 {
        for place in matrix.indices { matrix[place] *= 0x1p-128 }
        matrixExponent += 128
      }
      left /= 2
    }
    var probability = result[middle]
    for number in 1...values {
      probability = Double(number) * probability / Double(values)
      if abs(probability) < 0x1p-128 {
        probability *= 0x1p128
        exponent -= 128
      }
    }
    return min(1, max(0, probability * exponential(Double(exponent) * 0.693_147_180_559_945_3)))
  }

  private static func product(_ left: [Double], _ right: [Double], _ size: Int) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for inner in 0..<size {
        let factor = left[row * size + inner]
        guard factor != 0 else { continue }
        for column in 0..<size { result[row * size + column] += factor * right[inner * size + column] }
      }
    }
    return result
  }

  /// How likely the statistic is less than `bound`, by four terms in powers of 1 / √n (Pelz and Good, "Approximating the
  /// lower tail-areas of the Kolmogorov–Smirnov one-sample statistic", 1976).
  private static func pelzGood(_ bound: Double, count: Double) -> Double {
    let pi = Double.pi
    let z = count.squareRoot() * bound
    let (z2, z4) = (z * z, z * z * z * z)
    let z6 = z4 * z2
    let (pi2, pi4, pi6) = (pi * pi, pi * pi * pi * pi, pi * pi * pi * pi * pi * pi)
    let outer = exponential(-pi2 / 8 / z2)
    guard outer > 0 else { return 0 }
    var terms = SIMD4<Double>()
    let last = Int((16 * z / pi).rounded(.up))
    for place in stride(from: last, to: 0, by: -1) {
      let odd = Double(2 * place - 1)
      let (m2, m4, m6) = (odd * odd, odd * odd * odd * odd, odd * odd * odd * odd * odd * odd)
      let second = 6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2 + pi4 * (1 - 2 * z2) / 16 * m4
      let third =
        -30 * z6 - 90 * z4 * z4 + pi2 * (135 * z4 - 96 * z6) / 4 * m2 + pi4 * (-60 * z2 + 212 * z4) / 16 * m4
        + pi6 * (5 - 30 * z2) / 64 * m6
      terms *= exponential(-pi2 * Double(place) / z2)
      terms += SIMD4(1, -z2 + pi2 / 4 * m2, second, third)
    }
    let root = (2 * pi).squareRoot()
    terms *= outer * root
    terms /= SIMD4(z, 6 * z4, 72 * z6 * z, 6480 * z6 * z4)
    var (more2, more3) = (0.0, 0.0)
    for place in stride(from: last, to: 0, by: -1) {
      let square = Double(place * place)
      let power = exponential(-pi2 / 2 / z2 * square)
      more2 += square * power
      more3 += (3 * z2 - pi2 * square) * square * power
    }
    terms[2] += more2 * pi2 * root / (-36 * z2 * z)
    terms[3] += more3 * pi2 * root / (216 * z6)
    let scale = count.squareRoot()
    return terms[0] + terms[1] / scale + terms[2] / count + terms[3] / (count * scale)
  }
}
