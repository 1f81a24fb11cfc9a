// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.log
#else
  import func Darwin.log
#endif

/// The quantile function of the normal distribution.
///
/// Moshier's rational approximations of `ndtri` in Cephes (1989), which SciPy uses too.
enum NormalQuantile {
  private static let near: (p: [Double], q: [Double]) = (
    [
      -5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1,
      1.39312609387279679503e1, -1.23916583867381258016e0,
    ],
    [
      1.95448858338141759834e0, 4.67627912898881538453e0, 8.63602421390890590575e1,
      -2.25462687854119370527e2, 2.00260212380060660359e2, -8.20372256168333339912e1,
      1.59056225126211695515e1, -1.18331621121330003142e0,
    ]
  )

  private static let middle: (p: [Double], q: [Double]) = (
    [
      4.05544892305962419923e0, 3.15251094599893866154e1, 5.71628192246421288162e1,
      4.40805073893200834700e1, 1.46849561928858024014e1, 2.18663306850790267539e0,
      -1.40256079171354495875e-1, -3.50424626827848203418e-2, -8.57456785154685413611e-4,
    ],
    [
      1.57799883256466749731e1, 4.53907635128879210584e1, 4.13172038254672030440e1,
      1.50425385692907503408e1, 2.50464946208309415979e0, -1.42182922854787788574e-1,
      -3.80806407691578277194e-2, -9.33259480895457427372e-4,
    ]
  )

  private static let far: (p: [Double], q: [Double]) = (
    [
      3.23774891776946035970e0, 6.91522889068984211695e0, 3.93881025292474443415e0,
      1.33303460815807542389e0, 2.01485389549179081538e-1, 1.23716634817820021358e-2,
      3.01581553508235416007e-4, 2.65806974686737550832e-6, 6.23974539184983293730e-9,
    ],
    [
      6.02427039364742014255e0, 3.67983563856160859403e0, 1.37702099489081330271e0,
      2.16236993594496635890e-1, 1.34204006088543189037e-2, 3.28014464682127739104e-4,
      2.89247864745380683936e-6, 6.79019408009981274425e-9,
    ]
  )

  /// The number that a normal variable is below with this probability.
  static func of(_ probability: Double) -> Double {
    guard probability > 0 else { return probability == 0 ? -.infinity : .nan }
    guard probability < 1 else { return probability == 1 ? .infinity : .nan }
    // e⁻²
    let tail = 0.13533528323661269189
    var y = probability
    var isLower = true
    if y > 1 - tail {
      y = 1 - y
      isLower = false
    }
    if y > tail {
      y -= 0.5
      let square = y * y
      let x = y + y * (square * polynomial(square, near.p) / monicPolynomial(square, near.q))
      // √(2π)
      return x * 2.50662827463100050242
    }
    let x = (-2 * log(y)).squareRoot()
    let first = x - log(x) / x
    let z = 1 / x
    let part = x < 8 ? middle : far
    let second = z * polynomial(z, part.p) / monicPolynomial(z, part.q)
    return isLower ? -(first - second) : first - second
  }

  private static func polynomial(_ x: Double, _ coefficients: [Double]) -> Double {
    coefficients.dropFirst().reduce(coefficients[0]) { $0 * x + $1 }
  }

  /// The same with a first coefficient of 1 that is not written.
  private static func monicPolynomial(_ x: Double, _ coefficients: [Double]) -> Double {
    coefficients.dropFirst().reduce(x + coefficients[0]) { $0 * x + $1 }
  }
}
