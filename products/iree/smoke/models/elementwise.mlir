// tanh(a * b + a): one fused kernel, with a function that the compiler approximates.
func.func @elementwise(%a: tensor<5x7xf32>, %b: tensor<5x7xf32>) -> tensor<5x7xf32> {
  %product = arith.mulf %a, %b : tensor<5x7xf32>
  %sum = arith.addf %product, %a : tensor<5x7xf32>
  %result = math.tanh %sum : tensor<5x7xf32>
  return %result : tensor<5x7xf32>
}
