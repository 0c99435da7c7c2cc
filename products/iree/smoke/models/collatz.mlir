// How many steps each number takes to reach one. The loop runs on the host and decides by
// numbers that the device computes: virtual machine, dispatch and read-back in every round.
func.func @collatz(%start: tensor<8xi32>) -> tensor<8xi32> {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %zeros = arith.constant dense<0> : tensor<8xi32>
  %ones = arith.constant dense<1> : tensor<8xi32>
  %threes = arith.constant dense<3> : tensor<8xi32>
  %least = arith.constant dense<0> : tensor<i32>
  %last, %steps = scf.while (%x = %start, %count = %zeros)
      : (tensor<8xi32>, tensor<8xi32>) -> (tensor<8xi32>, tensor<8xi32>) {
    %reduced = linalg.reduce { arith.maxsi }
        ins(%x : tensor<8xi32>) outs(%least : tensor<i32>) dimensions = [0]
    %largest = tensor.extract %reduced[] : tensor<i32>
    %more = arith.cmpi sgt, %largest, %one : i32
    scf.condition(%more) %x, %count : tensor<8xi32>, tensor<8xi32>
  } do {
  ^bb0(%x: tensor<8xi32>, %count: tensor<8xi32>):
    %bit = arith.andi %x, %ones : tensor<8xi32>
    %odd = arith.cmpi eq, %bit, %ones : tensor<8xi32>
    %tripled = arith.muli %x, %threes : tensor<8xi32>
    %up = arith.addi %tripled, %ones : tensor<8xi32>
    %down = arith.shrui %x, %ones : tensor<8xi32>
    %moved = arith.select %odd, %up, %down : tensor<8xi1>, tensor<8xi32>
    %running = arith.cmpi ne, %x, %ones : tensor<8xi32>
    %next = arith.select %running, %moved, %x : tensor<8xi1>, tensor<8xi32>
    %step = arith.extui %running : tensor<8xi1> to tensor<8xi32>
    %next_count = arith.addi %count, %step : tensor<8xi32>
    scf.yield %next, %next_count : tensor<8xi32>, tensor<8xi32>
  }
  return %steps : tensor<8xi32>
}
